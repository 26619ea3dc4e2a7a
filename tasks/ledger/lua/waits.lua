-- Place in line and expected wait. Needs: queues.
-- capacity: hash of jobs per second by stage, as the live workers measured it, and `arrivals`, the asks
-- admitted per second; latency: hash of seconds one job takes in a stage; quota: hash of platform ->
-- 'count window_ms'; sent:<platform>: times of the last `count` answers.
local stages, handover_s = {'fetch', 'render', 'deliver'}, 0.1

local function number(hash, field, default)
  return tonumber(redis.call('HGET', key(hash), field) or default)
end

-- Jobs of a stage with a better score.
local function ahead(stage, score)
  local sum = 0
  for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do
    sum = sum + redis.call('ZCOUNT', key('ready', stage, lane), '-inf', '(' .. exact(score))
  end
  return sum
end

-- Seconds until `queued` jobs are worked off, while new ones with a better score still come in: those
-- that arrive before the clock reaches this job's score.
local function work_off(queued, rate, score, arrivals)
  local early_s = math.max(0, score - now) / 1000
  if early_s == 0 or queued == 0 then return queued / rate end
  local overtaken = (queued + arrivals * early_s) / rate
  return arrivals < rate and math.min(overtaken, queued / (rate - arrivals)) or overtaken
end

-- When the platform's own quota leaves room for the answer, in seconds: a slot frees a whole window
-- after the answer that took it. All open jobs of the platform count, save those surely behind.
local function until_slot(score, platform)
  local quota = redis.call('HGET', key('quota'), platform)
  if not quota then return 0 end
  local n, window = string.match(quota, '^(%d+) (%d+)$')
  n, window = tonumber(n), tonumber(window)
  local behind = redis.call('ZCOUNT', key('ready', 'fetch', platform), exact(score), '+inf')
    + redis.call('ZCOUNT', key('ready', 'deliver', platform), exact(score), '+inf')
  local queued = math.max(0, number('unsent', platform, '0') - behind)
  local before = tonumber(redis.call('LINDEX', key('sent', platform), n - 1 - queued % n) or '0')
  local free = math.max(before + window, now) + math.floor(queued / n) * window
  return (free - now) / 1000
end

-- What a job with this score, about to wait for `stage`, has before it. Position counts the people
-- before it until it is painted; wait, in ms, is the slowest of the stages for the work queued before
-- it, and its own way through them.
local function foresee(score, platform, stage, photos)
  local queued, longest, own, position, begun = 0, 0, 0, 0, false
  local rates = redis.call('HMGET', key('capacity'), 'fetch', 'render', 'deliver', 'arrivals')
  local latencies = redis.call('HMGET', key('latency'), 'fetch', 'render', 'deliver')
  for i, s in ipairs(stages) do
    begun = begun or s == stage
    if begun then
      local here = ahead(s, score)
      queued = queued + here
      if s ~= 'deliver' then position = position + here end
      local rate = math.max(0.0001, tonumber(rates[i] or (s == 'render' and '1' or '50')))
      local busy = redis.call('ZCARD', key('leases', s))
      longest = math.max(longest, work_off(queued + busy, rate, score, tonumber(rates[4] or '0')))
      own = own + handover_s + tonumber(latencies[i] or (s == 'render' and '1' or '0.05'))
      if s == 'render' then own = own + math.max(0, photos - 1) / rate
      else longest = math.max(longest, (number('resting', s .. ':' .. platform, '0') - now) / 1000) end
    end
  end
  longest = math.max(longest, until_slot(score, platform))
  return {position = position + 1, wait = math.ceil((longest + own) * 1000)}
end
