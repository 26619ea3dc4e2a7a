-- Replace a value of the platform's own data, if nobody else did. Needs: prelude.
-- ARGV: id, field, expected ('' for none), value.
-- Result: what stands there afterwards, or false for an unknown job.
-- Invariant: of two workers that expect the same, one writes and both learn what was written.
local record = job(ARGV[1])
if not is_record(ARGV[1]) then return reply(false) end
local stands = redis.call('HGET', record, ARGV[2]) or ''
if stands ~= ARGV[3] then return reply(stands) end
redis.call('HSET', record, ARGV[2], ARGV[4])
return reply(ARGV[4])
