-- Take one slot of each of several rate limits, or of none, by the server's time.
-- KEYS: the sorted set of holds, then one list per limit with the times (ms) of the last `count` slots
--       taken, newest first.
-- ARGV: number of limits; per limit: count, window (ms), reserve (0..1, the share that is reserved for
--       more urgent callers); then names of holds.
-- Result: {0, '', 0} when the slots were taken, else {milliseconds to wait, the hold that lasts longest or '',
--         the number of the limit that lasts longest or 0}.
-- Invariant: in any `window` ms at most `count` slots of a limit are taken, and none while one of the named
-- holds lasts.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local limits = tonumber(ARGV[1])
local wait, held, slowest = 0, '', 0
for i = 3 * limits + 2, #ARGV do
  local till = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or '0')
  if till - now > wait then wait, held = till - now, ARGV[i] end
end
if wait > 0 then return {wait, held, 0} end
for i = 1, limits do
  local count, window, reserve = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  local mine = math.max(1, math.floor(count * (1 - reserve)))
  local before = tonumber(redis.call('LINDEX', KEYS[i + 1], mine - 1))
  local left = before and before + window - now or 0
  if left > wait then wait, slowest = left, i end
end
if wait > 0 then return {wait, '', slowest} end
for i = 1, limits do
  redis.call('LPUSH', KEYS[i + 1], string.format('%d', now))
  redis.call('LTRIM', KEYS[i + 1], 0, tonumber(ARGV[3 * i - 1]) - 1)
  redis.call('PEXPIRE', KEYS[i + 1], tonumber(ARGV[3 * i]))
end
return {0, '', 0}
