-- Return a job to the queue after a time, because its chat accepts no message before. Needs: queues.
-- ARGV: id, fence, stage, sent (1: the answer may be published nevertheless), due ms.
-- Result: 1, or 0 if the lease was lost.
-- Invariant: this costs no attempt and no place in the queue, and it is recorded in the history.
local id, stage = ARGV[1], ARGV[3]
local state = complete_lease(id, stage, ARGV[2])
if state ~= 'held' then return not_held(state) end
if ARGV[4] ~= '1' then redis.call('HDEL', job(id), 'intent') end
record_repeated(id, 'postponed')
redis.call('ZADD', key('delayed'), ARGV[5], id)
return reply(1)
