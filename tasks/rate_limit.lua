-- Take one slot of each of several rate limits, or of none, by the server's time.
-- KEYS: the sorted set of holds, then one list per limit with the times (ms) of the last `count` slots
--       taken, newest first.
-- ARGV: number of limits; per limit: count, window (ms), reserve (0..1, the share that is reserved for
--       more urgent callers); then names of holds, '' and names of holds that are only reported.
-- Result: {0, '', 0, ...} when the slots were taken, else {milliseconds to wait, the hold that lasts longest
--         or '', the number of the limit that lasts longest or 0, ...}; then the reported holds that last.
-- Invariant: in any `window` ms at most `count` slots of a limit are taken, and none while one of the named
-- holds lasts.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local limits = tonumber(ARGV[1])
local wait, held, slowest, reported = 0, '', 0, {}
local only_report = false
for i = 3 * limits + 2, #ARGV do
  local till = ARGV[i] ~= '' and tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or '0') or 0
  if ARGV[i] == '' then only_report = true
  elseif only_report then
    if till > now then table.insert(reported, ARGV[i]) end
  elseif till - now > wait then wait, held = till - now, ARGV[i] end
end
local function reply(ms, hold, limit) return {ms, hold, limit, unpack(reported)} end
if wait > 0 then return reply(wait, held, 0) end
for i = 1, limits do
  local count, window, reserve = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  local mine = math.max(1, math.floor(count * (1 - reserve)))
  local before = tonumber(redis.call('LINDEX', KEYS[i + 1], mine - 1))
  local left = before and before + window - now or 0
  if left > wait then wait, slowest = left, i end
end
if wait > 0 then return reply(wait, '', slowest) end
for i = 1, limits do
  redis.call('LPUSH', KEYS[i + 1], string.format('%d', now))
  redis.call('LTRIM', KEYS[i + 1], 0, tonumber(ARGV[3 * i - 1]) - 1)
  redis.call('PEXPIRE', KEYS[i + 1], tonumber(ARGV[3 * i]))
end
return reply(0, '', 0)
