-- Pause a stage of a platform until a time; the latest such time counts. Needs: prelude.
-- ARGV: what (`deliver:x`), until ms. Result: 1.
-- Invariant: this never shortens an existing pause and never ends an operator's pause.
local before = tonumber(redis.call('HGET', key('paused_until'), ARGV[1]) or '0')
redis.call('HSET', key('paused_until'), ARGV[1], int(math.max(before, tonumber(ARGV[2]))))
return reply(1)
