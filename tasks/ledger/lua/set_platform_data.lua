-- Store a platform's own data in the record of an existing job. Needs: prelude. ARGV: id, field, value, ...
-- Result: 1, or 0 for an unknown job. Invariant: a late write does not recreate a forgotten job.
if not is_record(ARGV[1]) then return reply(0) end
for i = 2, #ARGV, 2 do redis.call('HSET', job(ARGV[1]), ARGV[i], ARGV[i + 1]) end
return reply(1)
