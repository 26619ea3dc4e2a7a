-- Measure arrivals, load and memory, and set the overload level. Needs: estimates.
-- ARGV: brownout above ms, brownout below ms, refusing above ms, share of the memory that may be used (0..1).
-- Result: {level before, level now, full before (0/1), full now (0/1)}.
-- Invariant: the level moves one step at a time, up above a threshold, down only well below it.
local seen = redis.call('HMGET', key('overload_check'), 'at', 'admitted')
local step = redis.call('GET', key('overload_level')) or 'normal'
local was_full = redis.call('EXISTS', key('full'))
local elapsed = (now - tonumber(seen[1] or '0')) / 1000
if elapsed < 0.5 then return reply({step, step, was_full, was_full}) end

local admitted, counts = 0, redis.call('HGETALL', key('counts'))
for i = 1, #counts, 2 do
  if string.sub(counts[i], 1, 9) == 'admitted:' then admitted = admitted + tonumber(counts[i + 1]) end
end
redis.call('HSET', key('overload_check'), 'at', int(now), 'admitted', int(admitted))
local fresh, weight = (admitted - tonumber(seen[2] or admitted)) / elapsed, math.min(1, elapsed / 15)
local arrivals = number('capacity', 'arrivals', '0') * (1 - weight) + fresh * weight
redis.call('HSET', key('capacity'), 'arrivals', string.format('%.6f', arrivals))

local line = waiting('fetch') + waiting('render') + redis.call('ZCARD', key('leases', 'render'))
local wait = line / math.max(0.0001, number('capacity', 'render', '1')) * 1000
-- The expected wait of a new request includes its own painting. So the queue of a surge, which is refused
-- above the longest wait, stays just below it, and still counts as refusing.
local said = wait + (number('latency', 'render', '1') + 3 * handover_s) * 1000
local above, below, refusing = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local new = step
if step == 'normal' and wait > above then new = 'brownout'
elseif step == 'brownout' and said > refusing * 0.95 then new = 'refuse'
elseif step == 'refuse' and said < refusing * 0.85 then new = 'brownout'
elseif step == 'brownout' and wait < below then new = 'normal' end
if new ~= step then
  redis.call('SET', key('overload_level'), new)
  count('overload:' .. new)
  redis.call('PUBLISH', key('updates'), '- - overload-' .. new)
end

local memory = redis.call('INFO', 'memory')
local used, most = string.match(memory, 'used_memory:(%d+)'), string.match(memory, 'maxmemory:(%d+)')
local full = tonumber(most or '0') > 0 and tonumber(used) > tonumber(ARGV[4]) * tonumber(most)
if full then redis.call('SET', key('full'), '1', 'PX', 5000) else redis.call('DEL', key('full')) end
if full and was_full == 0 then count('memory-full') end
return reply({step, new, was_full, full and 1 or 0})
