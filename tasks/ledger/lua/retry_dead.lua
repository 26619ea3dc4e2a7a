-- Start a dead job again from the first stage, if its person got no answer. Needs: queues.
-- ARGV: id. Result: 1, or 0 when it is not on the dead list, cannot be read or its person was answered.
-- Invariant: a job whose person has an answer is never restarted. The time in which its painting may be
-- sent begins again.
local id = ARGV[1]
if not redis.call('ZSCORE', key('dead'), id) then return reply(0) end
local j = redis.call('HMGET', job(id), 'platform', 'person', 'conversation', 'private', 'outcome', 'reason', 'request')
if j[5] ~= 'undeliverable' or j[6] == 'corrupt-record' or not j[7] then return reply(0) end
redis.call('ZREM', key('dead'), id)
redis.call('ZREM', key('ended'), id)
redis.call('ZREM', key('past', j[1], j[2]), id)
redis.call('PERSIST', job(id))
-- The outcome of the last send may be unknown: the next delivery asks the platform first.
redis.call('HSET', job(id), 'admitted', int(now), 'outcome', '', 'reason', '', 'rewinds', '0', 'pictures', '', 'paint', '', 'intent', '0')
redis.call('SADD', key('open', j[1], j[2]), id)
if j[4] ~= '1' then redis.call('HINCRBY', key('open_in_chat'), j[1] .. ':' .. j[3], 1) end
redis.call('HINCRBY', key('unanswered'), j[1], 1)
record_repeated(id, 'revived')
enqueue(id, 'fetch', j[1])
return reply(1)
