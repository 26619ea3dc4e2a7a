-- The person changed their mind, or the operator drops the job.
-- ARGV: id, person ('' for the operator), job retention ms.
-- Result: 1 cancelled, 0 too late or not theirs.
-- Invariant: nothing is cancelled once its answer may have been sent; a cancelled lease is lost.
local id = ARGV[1]
local j = redis.call('HMGET', job(id), 'stage', 'person', 'intent')
if not j[1] or j[1] == '' or j[3] or (ARGV[2] ~= '' and j[2] ~= ARGV[2]) then return 0 end
close(id, 'cancelled', '', ARGV[3])
return 1
