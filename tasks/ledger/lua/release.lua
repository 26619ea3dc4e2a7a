-- Return a job to the queue unchanged: its worker stops, or its platform is paused. Needs: queues.
-- ARGV: id, fence, stage, sent (1: the answer may be published nevertheless), reason.
-- Result: 1, or 0 if the lease was lost.
-- Invariant: this costs no attempt and no place in the queue.
local id, stage = ARGV[1], ARGV[3]
local state = complete_lease(id, stage, ARGV[2])
if state ~= 'held' then return not_held(state) end
if ARGV[4] ~= '1' then redis.call('HDEL', job(id), 'intent') end
record_repeated(id, 'given-back', ARGV[5])
enqueue(id, stage, get(id, 'lane'))
return reply(1)
