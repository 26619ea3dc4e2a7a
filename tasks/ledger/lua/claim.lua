-- Lease the next jobs of one stage. Needs: failures.
-- ARGV: stage, most photos to take, lease ms, worker, from a wake-up (0/1), job retention ms.
-- Result: {claims, more (0/1)}; each claim is {id, fence, ambiguous (0/1), field, value, ...}; `more`:
-- jobs of this stage may be left that can be claimed now.
-- Invariant: a job is in one queue only; its fence grows with each claim. A job that failed before is
-- claimed alone, so that a photo that crashes its worker affects no other job; a worker holds at most one
-- suspect. Photos are not fetched far ahead of `render`: at most 64 and half a minute's work are ready. A
-- job whose person or photo owner objected is not processed.
--
-- Start-time fair queueing between platforms: each platform with jobs gets an equal share of the claims,
-- and shares that one does not need go to the others. So a flood on one platform makes the others wait at
-- most twice as long as without it. Within a platform the lowest score is next. A batch of `render` that is
-- not full is filled with jobs of other platforms with the same shape, which count for their shares.
local stage, most, lease, keep = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[6]
local engine, model
if stage == 'render' then engine, model = announced(ARGV[4]) end
if ARGV[5] == '1' then
  redis.call('DEL', key('wake', stage))
  for _, name in ipairs({engine, model}) do redis.call('DEL', key('wake', stage .. '.' .. name)) end
end
if is_paused(stage) or is_draining(ARGV[4]) then return reply({{}, 0}) end
if stage == 'fetch' then
  local rate = tonumber(redis.call('HGET', key('capacity'), 'render') or '1')
  if waiting('render') >= 64 + 30 * rate then return reply({{}, 0}) end
end

-- For each platform the lane whose first job is oldest, among those that this worker may take.
local first_of_platform, lanes_left, queues_of_others = {}, 0, {}
for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do
  local platform = platform_of(lane)
  local first = redis.call('ZRANGE', key('ready', stage, lane), 0, 0, 'WITHSCORES')
  if not first[1] then
    redis.call('SREM', key('lanes', stage), lane)
  elseif stage == 'render' and not may_take(lane, engine, model) then
    queues_of_others[queue_of(stage, lane)] = true
  elseif not is_paused(stage .. ':' .. platform) then
    lanes_left = lanes_left + 1
    local known, score = first_of_platform[platform], tonumber(first[2])
    if not known or score < known.score then first_of_platform[platform] = {lane = lane, score = score} end
  end
end

-- shares:<stage> contains the number of photos claimed per platform, and '*', the number of the platform that
-- was served last: a platform that had no jobs for a while starts there, so that it has no credit.
local shares = key('shares', stage)
local level = tonumber(redis.call('HGET', shares, '*') or '0')
local function given(platform) return math.max(level, tonumber(redis.call('HGET', shares, platform) or '0')) end
local turn
for platform, first in pairs(first_of_platform) do
  first.platform, first.given = platform, given(platform)
  if not turn or first.given < turn.given or (first.given == turn.given and first.score < turn.score) then turn = first end
end
if not turn then
  for queue in pairs(queues_of_others) do wake(queue) end
  return reply({{}, 0})
end
local charged = {}
local function charge(platform, photos) charged[platform] = (charged[platform] or 0) + photos end

local held = key('claims', ARGV[4])
local function holds_suspect()
  for _, id in ipairs(redis.call('SMEMBERS', held)) do
    if get(id, 'suspect') then return true end
  end
  return false
end

local doing = {fetch = 'fetching', render = 'painting', deliver = 'delivering'}
local claims, taken, full = {}, 0, false

-- After an objection a job is not painted. Deliveries continue, because an answer or apology is still due.
local function withdraw(id, seen)
  local objects = stage ~= 'deliver' and objection(seen.mark, seen.owners)
  if not objects then return false end
  if objects == 'owner-opted-out' then
    unqueue(id, stage, seen.lane)
    record_event(id, 'declined', objects)
    decline(id, objects, '{}', '1')
  else
    end_job(id, 'cancelled', objects, keep)
  end
  return true
end

local function take(lane)
  for _, id in ipairs(redis.call('ZRANGE', key('ready', stage, lane), 0, most - 1)) do
    local record = redis.pcall('HGETALL', job(id))
    local seen = {}
    for i = 1, #record, 2 do seen[record[i]] = record[i + 1] end
    if seen.stage ~= stage or not seen.platform then
      move_to_dead(id, 'corrupt-record', keep)
    elseif not withdraw(id, seen) then
      local _, photos = string.gsub(seen.photos or '', '%S+', '')
      local alone = seen.suspect or (tonumber(seen.fails) or 0) > 0
      full = #claims > 0 and (alone or taken + photos > most) or (seen.suspect and holds_suspect())
      if full then return end
      redis.call('ZREM', key('ready', stage, lane), id)
      redis.call('ZADD', key('leases', stage), now + lease, id)
      local fence = (tonumber(seen.fence) or 0) + 1
      redis.call('SADD', held, id)
      redis.call('HSET', job(id), 'fence', fence, 'by', ARGV[4], event_line(doing[stage], ARGV[4]))
      publish(id, seen.platform, doing[stage])
      table.insert(claims, {id, fence, seen.intent and 1 or 0, unpack(record)})
      taken = taken + math.max(1, photos)
      charge(seen.platform, math.max(1, photos))
      full = alone
      if full then return end
    end
  end
end

redis.call('HSET', shares, '*', turn.given)
take(turn.lane)
if stage == 'render' and #claims > 0 and not full and taken < most then
  local shape = string.sub(turn.lane, #turn.platform + 1) -- and model
  for platform in pairs(first_of_platform) do
    if platform ~= turn.platform and not full and taken < most then take(platform .. shape) end
  end
end
for platform, photos in pairs(charged) do redis.call('HSET', shares, platform, given(platform) + photos) end
local more = redis.call('ZCARD', key('ready', stage, turn.lane)) > 0 or lanes_left > 1
if more then wake(queue_of(stage, turn.lane)) end
for queue in pairs(queues_of_others) do wake(queue) end
-- A lane without jobs would make the sweep wake a worker in vain.
for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do
  if redis.call('ZCARD', key('ready', stage, lane)) == 0 then redis.call('SREM', key('lanes', stage), lane) end
end
if stage == 'render' and redis.call('SCARD', key('lanes', 'fetch')) > 0 then wake('fetch') end
return reply({claims, more and 1 or 0})
