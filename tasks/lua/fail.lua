-- A try came to nothing, and the holder knows it.
-- ARGV: id, fence, stage, reason, most tries, job retention ms, sent (1: the answer may stand all the same).
-- Result: {done (0: the lease was lost), 'deliver' when an apology is due, wake (0/1)}.
-- Invariant: tries are bounded; a send whose outcome is unknown stays marked as such.
local id, stage = ARGV[1], ARGV[3]
if not holds(id, stage, ARGV[2]) then return {0, '', 0} end
if ARGV[7] ~= '1' then redis.call('HDEL', job(id), 'intent') end
return {1, 'deliver', fail(id, stage, ARGV[4], tonumber(ARGV[5]), ARGV[6])}
