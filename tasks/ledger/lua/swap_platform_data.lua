-- Compare and set a value of the platform's own data. Needs: prelude.
-- ARGV: id, field, expected ('' for none), value.
-- Result: the value afterwards, or false for an unknown job.
-- Invariant: of two callers that expect the same value one writes, and both get the value that was written.
local record = job(ARGV[1])
if not is_record(ARGV[1]) then return reply(false) end
local stands = redis.call('HGET', record, ARGV[2]) or ''
if stands ~= ARGV[3] then return reply(stands) end
redis.call('HSET', record, ARGV[2], ARGV[4])
return reply(ARGV[4])
