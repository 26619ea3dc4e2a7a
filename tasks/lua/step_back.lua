-- What an earlier stage stored is gone (retention, a shared picture deleted): do that stage again.
-- ARGV: id, fence, stage, stage to go back to ('fetch' or 'render').
-- Result: {done (0: the lease was lost), stage, wake (0/1)}.
-- Invariant: a delivery goes back only when it is known that no answer stands; its intent is cleared.
local id, stage, back = ARGV[1], ARGV[3], ARGV[4]
if not holds(id, stage, ARGV[2]) then return {0, '', 0} end
redis.call('ZREM', key('leases', stage), id)
redis.call('HDEL', job(id), 'intent')
pass_on(id)
redis.call('HSET', job(id), 'pictures', '', 'paint', '')
tell(id, 'back-to-' .. back)
local lane = redis.call('HGET', job(id), back == 'fetch' and 'platform' or 'shape')
return {1, back, enqueue(id, back, lane)}
