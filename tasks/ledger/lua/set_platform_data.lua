-- Keep a platform's own data on a job that exists. Needs: prelude. ARGV: id, field, value, ...
-- Result: 1, or 0 for an unknown job. Invariant: a forgotten job is not brought back by a late note.
if not is_record(ARGV[1]) then return reply(0) end
for i = 2, #ARGV, 2 do redis.call('HSET', job(ARGV[1]), ARGV[i], ARGV[i + 1]) end
return reply(1)
