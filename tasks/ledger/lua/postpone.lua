-- Give a job back until a time: its conversation takes no message before. Needs: queues.
-- ARGV: id, fence, stage, sent (1: the answer may stand all the same), due ms.
-- Result: 1, or 0 when the lease was lost.
-- Invariant: waiting costs no try and no place in line, and is told in the story.
local id, stage = ARGV[1], ARGV[3]
local turn = complete_lease(id, stage, ARGV[2])
if turn ~= 'held' then return not_held(turn) end
if ARGV[4] ~= '1' then redis.call('HDEL', job(id), 'intent') end
record_event(id, 'postponed')
redis.call('ZADD', key('delayed'), ARGV[5], id)
return reply(1)
