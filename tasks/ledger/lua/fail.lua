-- Record a failed attempt that the lease's holder reports. Needs: failures.
-- ARGV: id, fence, stage, reason, most attempts, patience ms (0: the photo may be at fault), job retention ms,
--       sent (1: the answer may be published nevertheless).
-- Result: 1, or 0 if the lease was lost.
-- Invariant: attempts are bounded; a send whose outcome is unknown stays marked as such.
local id, stage = ARGV[1], ARGV[3]
local worker = get(id, 'by')
local state = complete_lease(id, stage, ARGV[2])
if state ~= 'held' then return not_held(state) end
if ARGV[8] ~= '1' then redis.call('HDEL', job(id), 'intent') end
count_failed_painting(stage, worker)
fail(id, stage, ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7])
return reply(1)
