-- Place in the queue and expected wait. Needs: queues.
-- capacity: hash of jobs per second by stage, as the live workers measured it, and `arrivals`, the
-- requests admitted per second; latency: hash of seconds one job takes in a stage; quota: hash of platform ->
-- 'count window_ms'; sent:<platform>: times of the last `count` answers.
local stages, handover_s = {'fetch', 'render', 'deliver'}, 0.1

local function number(hash, field, default)
  return tonumber(redis.call('HGET', key(hash), field) or default)
end

-- Add to `line` the jobs of a stage: those of this platform with a better score, and all of other platforms.
local function add_to_queue(line, stage, score, platform)
  for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do
    local whose = platform_of(lane)
    if whose == platform then
      line.own = line.own + redis.call('ZCOUNT', key('ready', stage, lane), '-inf', '(' .. exact(score))
    else
      line.others[whose] = (line.others[whose] or 0) + redis.call('ZCARD', key('ready', stage, lane))
    end
  end
end

-- The number of jobs that are processed first. Platforms get equal shares, so that of each other platform
-- at most as many jobs count as of this one.
local function length_of(line)
  local sum = line.own
  for _, waiting in pairs(line.others) do sum = sum + math.min(waiting, line.own) end
  return sum
end

-- Seconds until `queued` jobs are done. New jobs with a better score arrive meanwhile, until the clock
-- reaches this job's score.
local function work_off(queued, rate, score, arrivals)
  local early_s = math.max(0, score - now) / 1000
  if early_s == 0 or queued == 0 then return queued / rate end
  local overtaken = (queued + arrivals * early_s) / rate
  return arrivals < rate and math.min(overtaken, queued / (rate - arrivals)) or overtaken
end

-- Seconds until the platform's quota allows the answer: a slot becomes free one window after the answer that
-- took it. All open jobs of the platform count, except those that are certainly answered later.
local function until_slot(score, platform)
  local quota = redis.call('HGET', key('quota'), platform)
  if not quota then return 0 end
  local n, window = string.match(quota, '^(%d+) (%d+)$')
  n, window = tonumber(n), tonumber(window)
  local behind = redis.call('ZCOUNT', key('ready', 'fetch', platform), exact(score), '+inf')
    + redis.call('ZCOUNT', key('ready', 'deliver', platform), exact(score), '+inf')
  local queued = math.max(0, number('unanswered', platform, '0') - behind)
  local before = tonumber(redis.call('LINDEX', key('sent', platform), n - 1 - queued % n) or '0')
  local free = math.max(before + window, now) + math.floor(queued / n) * window
  return (free - now) / 1000
end

-- The position and wait of a job with this score that is ready for `stage`. Position counts the jobs
-- before it until it is painted; wait, in ms, is the time of the slowest stage for the jobs before it, plus
-- its own time in all stages.
local function estimate(score, platform, stage, photos)
  local line, longest, own, position, begun = {own = 0, others = {}}, 0, 0, 0, false
  local rates = redis.call('HMGET', key('capacity'), 'fetch', 'render', 'deliver', 'arrivals')
  local latencies = redis.call('HMGET', key('latency'), 'fetch', 'render', 'deliver')
  for i, s in ipairs(stages) do
    begun = begun or s == stage
    if begun then
      add_to_queue(line, s, score, platform)
      local queued = length_of(line)
      if s ~= 'deliver' then position = queued end
      local rate = math.max(0.0001, tonumber(rates[i] or (s == 'render' and '1' or '50')))
      local busy = redis.call('ZCARD', key('leases', s))
      longest = math.max(longest, work_off(queued + busy, rate, score, tonumber(rates[4] or '0')))
      own = own + handover_s + tonumber(latencies[i] or (s == 'render' and '1' or '0.05'))
      if s == 'render' then own = own + math.max(0, photos - 1) / rate
      else longest = math.max(longest, (number('paused_until', s .. ':' .. platform, '0') - now) / 1000) end
    end
  end
  longest = math.max(longest, until_slot(score, platform))
  return {position = position + 1, wait = math.ceil((longest + own) * 1000)}
end
