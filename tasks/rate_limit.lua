-- Take one slot of one or several rate limits, all or none, by server time.
-- KEYS: one per limit, a list of the times (ms) of the last `count` slots taken, newest first.
-- ARGV: per limit: count, window (ms), reserve (0..1, the share that stays for more urgent callers).
-- Result: 0 when the slots were taken, else the milliseconds to wait before asking again.
-- Invariant: no stretch of `window` ms ever holds more than `count` slots of a limit.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local wait = 0
for i, key in ipairs(KEYS) do
  local count, window, reserve = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local mine = math.max(1, math.floor(count * (1 - reserve)))
  local before = tonumber(redis.call('LINDEX', key, mine - 1))
  if before and now - before < window then wait = math.max(wait, before + window - now) end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  redis.call('LPUSH', key, string.format('%d', now))
  redis.call('LTRIM', key, 0, tonumber(ARGV[3 * i - 2]) - 1)
  redis.call('PEXPIRE', key, tonumber(ARGV[3 * i - 1]))
end
return 0
