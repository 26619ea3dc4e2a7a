-- There will be no painting: the job goes on to deliver one honest sentence instead. Needs: completion.
-- ARGV: id, fence, stage, reason, facts (JSON), refund (0/1).
-- Result: 1, or 0 when the lease was lost.
-- Invariant: those who wait for the same painting hear the same.
local id = ARGV[1]
local turn = complete_lease(id, ARGV[3], ARGV[2])
if turn ~= 'held' then return not_held(turn) end
record_event(id, 'declined', ARGV[4])
decline(id, ARGV[4], ARGV[5], ARGV[6])
return reply(1)
