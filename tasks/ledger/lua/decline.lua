-- Decline a job: it goes on to `deliver`, with an apology. Needs: completion.
-- ARGV: id, fence, stage, reason, facts (JSON), refund (0/1).
-- Result: 1, or 0 if the lease was lost.
-- Invariant: jobs that wait for the same painting get the same answer.
local id = ARGV[1]
local state = complete_lease(id, ARGV[3], ARGV[2])
if state ~= 'held' then return not_held(state) end
record_event(id, 'declined', ARGV[4])
decline(id, ARGV[4], ARGV[5], ARGV[6])
return reply(1)
