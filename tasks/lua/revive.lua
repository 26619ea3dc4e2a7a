-- Try a buried job again from the start, where its person got no answer.
-- ARGV: id. Result: 1, or 0 when it is not on the dead list or its person was answered.
-- Invariant: a job whose person has an answer is never begun again.
local id = ARGV[1]
local outcome = redis.call('HGET', job(id), 'outcome')
if not redis.call('ZSCORE', key('dead'), id) or outcome ~= 'undeliverable' then return 0 end
if redis.call('HEXISTS', job(id), 'ask') == 0 then return 0 end
local j = redis.call('HMGET', job(id), 'platform', 'person', 'conversation', 'private')
redis.call('ZREM', key('dead'), id)
redis.call('PERSIST', job(id))
redis.call('HSET', job(id), 'outcome', '', 'reason', '', 'fails', '0', 'pictures', '', 'paint', '')
-- The last send may have gone through unnoticed: the next delivery asks the platform first.
redis.call('HSET', job(id), 'intent', '0')
redis.call('LREM', key('past', j[1], j[2]), 1, id)
redis.call('SADD', key('open', j[1], j[2]), id)
if j[4] ~= '1' then redis.call('INCR', key('here', j[1], j[3])) end
tell(id, 'revived')
enqueue(id, 'fetch', j[1])
return 1
