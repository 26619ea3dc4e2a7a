-- Place in line and expected wait; put between common.lua and the scripts that need them.
-- capacity: hash of jobs per second by stage (`fetch`, `render`, `deliver`), kept by the sweep from
-- what the live workers measured; latency: hash of seconds one job takes in a stage;
-- quota: hash of platform -> 'count window_ms'; sent:<platform>: times of the last `count` answers.
local order = {fetch = 1, render = 2, deliver = 3}

local function number(hash, field, default)
  return tonumber(redis.call('HGET', key(hash), field) or default)
end

-- Jobs of a stage with a better score; leased ones count, they are being worked on.
local function ahead(stage, score, only_lane)
  local sum = 0
  for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do
    if not only_lane or lane == only_lane then
      sum = sum + redis.call('ZCOUNT', key('ready', stage, lane), '-inf', '(' .. string.format('%d', score))
    end
  end
  return sum
end

-- What a job with this score, about to wait for `stage`, has before it.
-- position counts the people before it until it is painted; wait is in ms: the slowest of the stages
-- for the work queued before it, and its own way through them.
local function foresee(score, platform, stage, photos)
  local queued, longest, own, position = 0, 0, 0, 0
  for _, s in ipairs({'fetch', 'render', 'deliver'}) do
    if order[s] >= order[stage] then
      local here = ahead(s, score, s == 'deliver' and platform or nil)
      queued = queued + here
      if s ~= 'deliver' then position = position + here end
      local busy = redis.call('ZCARD', key('leases', s))
      local rate = math.max(0.0001, number('capacity', s, s == 'render' and '1' or '50'))
      longest = math.max(longest, (queued + busy) / rate)
      own = own + number('latency', s, s == 'render' and '1' or '0.05')
      if s == 'render' then own = own + math.max(0, photos - 1) / rate end
    end
  end
  local quota = redis.call('HGET', key('quota'), platform)
  if quota then
    local n, window = string.match(quota, '^(%d+) (%d+)$')
    n, window = tonumber(n), tonumber(window)
    -- The slot of this answer frees a whole window after the n-th answer before it was sent.
    local before = tonumber(redis.call('LINDEX', key('sent', platform), n - 1 - queued % n) or '0')
    local free = math.max(before + window, now) + math.floor(queued / n) * window
    longest = math.max(longest, (free - now) / 1000)
  end
  local paused = number('paused', 'deliver:' .. platform, '0')
  if paused > now then longest = math.max(longest, (paused - now) / 1000) end
  return {position = position + 1, wait = math.ceil((longest + own) * 1000)}
end

-- The same for a job that exists. A job that waits for another's painting stands where that one does.
local function place(id)
  local j = redis.call('HMGET', job(id), 'stage', 'score', 'platform', 'photos', 'paint')
  if not j[1] or j[1] == '' then return {position = 0, wait = 0} end
  local score = tonumber(j[2])
  if redis.call('ZSCORE', key('leases', j[1]), id) then
    local now_s = number('latency', j[1], j[1] == 'render' and '1' or '0.05') * 1000
    if j[1] == 'deliver' then return {position = 0, wait = math.ceil(now_s)} end
    local next = foresee(score, j[3], j[1] == 'fetch' and 'render' or 'deliver', 1)
    return {position = j[1] == 'fetch' and next.position or 0, wait = math.ceil(now_s) + next.wait}
  end
  local leader = j[1] == 'render' and j[5] and j[5] ~= '' and redis.call('GET', key('painted', j[5]))
  if leader and string.sub(leader, 1, 1) == '@' then
    score = tonumber(redis.call('HGET', job(string.sub(leader, 2)), 'score') or j[2])
  end
  local _, photos = string.gsub(j[4] or 'one', '%S+', '')
  return foresee(score, j[3], j[1], math.max(1, photos))
end

-- When the first of a person's open jobs should be done, in ms from now.
local function estimate_first(open)
  local first = redis.call('SRANDMEMBER', open)
  return first and place(first).wait or 60000
end

-- The surge ladder, one step at a time and with hysteresis: normal, brownout, refuse.
local function climb(wait, longest, above, below)
  local step = redis.call('GET', key('ladder')) or 'normal'
  local new = step
  if wait > longest then new = 'refuse'
  elseif step == 'refuse' and wait < longest * 0.9 then new = 'brownout'
  elseif step == 'normal' and wait > above then new = 'brownout'
  elseif step == 'brownout' and wait < below then new = 'normal' end
  if new ~= step then
    redis.call('SET', key('ladder'), new)
    count('ladder:' .. new)
    redis.call('PUBLISH', key('news'), '- - ladder-' .. new)
  end
end
