-- Record a worker's throughput; the sum over all live workers is the capacity of a stage. Needs: prelude.
-- ARGV: per stage: stage, worker, jobs per second, seconds per job, ms until the report is stale, and since
--       the last report: jobs done, calls they were done in, ms of work.
-- Result: 1. Invariant: workers with a stale report are not part of the sum.
for at = 1, #ARGV, 8 do
  local stage, worker, speed, seconds, lasts, jobs, calls, busy = unpack(ARGV, at, at + 7)
  count('worked:' .. stage, jobs)
  count('calls:' .. stage, calls)
  count('busy-ms:' .. stage, busy)
  local workers = key('workers', stage)
  redis.call('HSET', workers, worker, int(now + tonumber(lasts)) .. ' ' .. speed .. ' ' .. seconds)
  local rate, latency, live = 0, 0, 0
  local all = redis.call('HGETALL', workers)
  for i = 1, #all, 2 do
    local stale, r, l = string.match(all[i + 1], '^(%S+) (%S+) (%S+)$')
    if tonumber(stale) < now then
      redis.call('HDEL', workers, all[i])
    else
      rate, latency, live = rate + tonumber(r), latency + tonumber(l), live + 1
    end
  end
  redis.call('HSET', key('capacity'), stage, string.format('%.6f', rate))
  redis.call('HSET', key('latency'), stage, string.format('%.6f', latency / math.max(1, live)))
end
return reply(1)
