-- Record a worker's throughput; the sum over all live workers is the capacity of the stage. Needs: prelude.
-- ARGV: stage, worker, jobs per second, seconds per job, ms until the report is stale, and since the
--       last report: jobs done, calls they were done in, ms of work.
-- Result: 1. Invariant: workers with a stale report are not part of the sum.
count('worked:' .. ARGV[1], ARGV[6])
count('calls:' .. ARGV[1], ARGV[7])
count('busy-ms:' .. ARGV[1], ARGV[8])
local stage, workers = ARGV[1], key('workers', ARGV[1])
redis.call('HSET', workers, ARGV[2], int(now + tonumber(ARGV[5])) .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
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
return reply(1)
