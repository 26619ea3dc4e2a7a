-- Give a job back untouched: its worker stops, or its platform said 'not now'.
-- ARGV: id, fence, stage, sent (1: the answer may stand all the same), reason.
-- Result: {done (0: the lease was lost), stage, wake (0/1)}.
-- Invariant: giving back costs no try and no place in line.
local id, stage = ARGV[1], ARGV[3]
if not holds(id, stage, ARGV[2]) then return {0, '', 0} end
if ARGV[4] ~= '1' then redis.call('HDEL', job(id), 'intent') end
redis.call('ZREM', key('leases', stage), id)
redis.call('HDEL', job(id), 'progress')
tell(id, 'given-back', ARGV[5])
return {1, stage, enqueue(id, stage, redis.call('HGET', job(id), 'lane'))}
