-- How a job moves between queues and leases. Needs: routing.
-- Invariant: a job that has not ended is in exactly one of: a ready queue, the leases, `delayed`, the
-- waiters of a painting.
local function push(id, stage, lane, score)
  redis.call('ZADD', key('ready', stage, lane), score, id)
  redis.call('SADD', key('lanes', stage), lane)
  wake(queue_of(stage, lane))
end

local function enqueue(id, stage, lane)
  redis.call('HSET', job(id), 'stage', stage, 'lane', lane)
  push(id, stage, lane, get(id, 'score'))
end

-- The lane of `fetch` and `deliver` is the job's platform, that of `render` its platform, shape and model.
local function lane_of(id, stage)
  local j = redis.call('HMGET', job(id), 'platform', 'shape', 'model')
  if stage ~= 'render' then return j[1] end
  return j[1] .. ':' .. j[2] .. ((j[3] or '') ~= '' and '@' .. j[3] or '')
end

local function platform_of(lane) return string.match(lane, '^[^:]*') end

-- Failures of a completed stage do not count in the next one.
local function reset_failures(id) redis.call('HDEL', job(id), 'fails', 'faults', 'since', 'suspect') end

-- Remove a lease.
local function end_lease(id, stage)
  redis.call('ZREM', key('leases', stage), id)
  local worker = get(id, 'by')
  if not worker then return end
  redis.call('SREM', key('claims', worker), id)
  redis.call('HDEL', job(id), 'by')
end

local function unqueue(id, stage, lane)
  redis.call('ZREM', key('ready', stage, lane), id)
  redis.call('ZREM', key('delayed'), id)
  end_lease(id, stage)
end

-- Whether this fence is the newest and its lease has not expired.
local function holds(id, stage, fence)
  return redis.call('ZSCORE', key('leases', stage), id) and get(id, 'fence') == fence
end

-- End a lease whose work is done. A holder whose connection broke before the reply repeats the call: then
-- the state is 'repeated' and nothing changes.
local function complete_lease(id, stage, fence)
  if holds(id, stage, fence) then
    end_lease(id, stage)
    redis.call('HSET', job(id), 'completed', fence)
    redis.call('HDEL', job(id), 'progress')
    return 'held'
  end
  return get(id, 'completed') == fence and 'repeated' or 'lost'
end

-- The result of a script whose caller does not hold the lease: 1 for a repeated call, 0 for a lost lease.
local function not_held(turn) return reply(turn == 'repeated' and 1 or 0) end

-- The pictures of a finished painting, and the engine that made them.
local function pictures_of(stands)
  local engine, pictures = string.match(stands, '^=(%S*) (.*)$')
  return pictures, engine
end

-- Why a job must not go on: its person was banned or opted out after the admission, or the owner of one
-- of its photos opted out. Nil if it may go on.
local anybody_objects
local function objection(mark, owners)
  if anybody_objects == nil then anybody_objects = redis.call('EXISTS', key('banned'), key('optouts')) > 0 end
  if not anybody_objects then return nil end
  if mark and redis.call('SISMEMBER', key('banned'), mark) == 1 then return 'banned' end
  if mark and redis.call('SISMEMBER', key('optouts'), mark) == 1 then return 'opted-out' end
  for owner in string.gmatch(owners or '', '%S+') do
    if redis.call('SISMEMBER', key('optouts'), owner) == 1 then return 'owner-opted-out' end
  end
end

-- All jobs ready for a stage.
local function waiting(stage)
  local sum = 0
  for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do
    sum = sum + redis.call('ZCARD', key('ready', stage, lane))
  end
  return sum
end
