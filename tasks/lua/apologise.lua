-- There will be no painting: the job goes on to deliver one honest sentence instead.
-- ARGV: id, fence, stage, reason, facts (JSON), refund (0/1).
-- Result: {done (0: the lease was lost), 'deliver', wake (0/1)}.
-- Invariant: jobs that waited for this one's painting are not taken along.
local id, stage = ARGV[1], ARGV[3]
if not holds(id, stage, ARGV[2]) then return {0, '', 0} end
redis.call('ZREM', key('leases', stage), id)
pass_on(id)
redis.call('HSET', job(id), 'reason', ARGV[4], 'facts', ARGV[5], 'refunded', ARGV[6], 'fails', '0', 'paint', '')
if ARGV[6] == '1' then refund(id) end
tell(id, 'declined', ARGV[4])
return {1, 'deliver', enqueue(id, 'deliver', redis.call('HGET', job(id), 'platform'))}
