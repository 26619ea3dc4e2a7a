-- Cancel a job: by its person or by the operator. Needs: completion.
-- ARGV: id, job retention ms, by the operator (0/1), person.
-- Result: 1 cancelled, 0 too late or not theirs.
-- Invariant: nothing is cancelled once its answer may have been sent; a cancelled lease is lost.
local id = ARGV[1]
if not is_record(id) then return reply(0) end
local j = redis.call('HMGET', job(id), 'stage', 'person', 'intent')
if not j[1] or j[1] == '' or j[3] or (ARGV[3] ~= '1' and j[2] ~= ARGV[4]) then return reply(0) end
end_job(id, 'cancelled', '', ARGV[2])
return reply(1)
