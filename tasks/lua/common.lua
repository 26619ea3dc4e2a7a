-- The words that all ledger scripts share; put before each of them. KEYS[1] is the namespace.
--
-- job:<id>                hash, the record            ready:<stage>:<lane>  zset id -> fair score
-- lanes:<stage>           set of lanes with jobs      leases:<stage>        zset id -> expiry, ms
-- later                   zset id -> due, ms          open:<who>            set of a person's open jobs
-- who:<who>               hash, cooldown and quota    past:<who>            list of a person's ended jobs
-- here:<where>            open jobs of a conversation
-- painted:<key>           '=pictures' or '@leader'    waiters:<key>         set of jobs waiting for it
-- dead                    zset id -> time, ms         rubbish               list of blob keys to delete
-- counts                  hash, what happened so far  recent                list of public jobs, last answered
-- Times are integers, milliseconds since the epoch, by the server's clock.
local ns = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function key(...) return ns .. ':' .. table.concat({...}, ':') end
local function job(id) return ns .. ':job:' .. id end
local function count(what, n) redis.call('HINCRBY', key('counts'), what, n or 1) end

-- Add a line to the story and let listeners know.
local function tell(id, event, detail)
  local old = redis.call('HGET', job(id), 'story')
  local line = string.format('%d', now) .. ' ' .. event .. (detail and detail ~= '' and (' ' .. detail) or '')
  if old and #old > 4000 then old = string.sub(old, 1, 1000) .. '\n' .. string.format('%d', now) .. ' shortened' end
  redis.call('HSET', job(id), 'story', old and (old .. '\n' .. line) or line)
  redis.call('PUBLISH', key('news'), id .. ' ' .. (redis.call('HGET', job(id), 'platform') or '-') .. ' ' .. event)
end

-- Claim the right to send one wake-up for a stage; many new jobs share one.
local function wake(stage)
  return redis.call('SET', key('wake', stage), '1', 'NX', 'PX', 2000) and 1 or 0
end

local function enqueue(id, stage, lane)
  local score = redis.call('HGET', job(id), 'score')
  redis.call('HSET', job(id), 'stage', stage, 'lane', lane)
  redis.call('ZADD', key('ready', stage, lane), score, id)
  redis.call('SADD', key('lanes', stage), lane)
  return wake(stage)
end

-- Take a job out of whatever queue or lease holds it.
local function unqueue(id, stage, lane)
  redis.call('ZREM', key('ready', stage, lane or ''), id)
  redis.call('ZREM', key('leases', stage), id)
  redis.call('ZREM', key('later'), id)
end

-- Only the holder of the newest lease may go on.
local function holds(id, stage, fence)
  return redis.call('ZSCORE', key('leases', stage), id) and redis.call('HGET', job(id), 'fence') == fence
end

local function is_paused(what)
  local until_ms = redis.call('HGET', key('paused'), what)
  return until_ms and (tonumber(until_ms) == 0 or tonumber(until_ms) > now)
end

-- Pass the duty of painting on to a waiter when the job that others wait for drops out.
local function pass_on(id)
  local paint = redis.call('HGET', job(id), 'paint')
  if not paint or paint == '' then return end
  redis.call('SREM', key('waiters', paint), id)
  if redis.call('GET', key('painted', paint)) ~= '@' .. id then return end
  local heir = redis.call('SPOP', key('waiters', paint))
  while heir and redis.call('HGET', job(heir), 'stage') ~= 'render' do
    heir = redis.call('SPOP', key('waiters', paint))
  end
  if not heir then redis.call('DEL', key('painted', paint)) return end
  redis.call('SET', key('painted', paint), '@' .. heir)
  enqueue(heir, 'render', redis.call('HGET', job(heir), 'shape'))
end

local function throw_away(id)
  local photos = redis.call('HGET', job(id), 'photos')
  if photos and photos ~= '' then
    for blob in string.gmatch(photos, '%S+') do redis.call('RPUSH', key('rubbish'), blob) end
    redis.call('HSET', job(id), 'photos', '')
  end
end

local function refund(id)
  local who = key('who', redis.call('HGET', job(id), 'platform'), redis.call('HGET', job(id), 'person'))
  if redis.call('EXISTS', who) == 0 then return end
  redis.call('HSET', who, 'until', '0')
  if tonumber(redis.call('HGET', who, 'used') or '0') > 0 then redis.call('HINCRBY', who, 'used', -1) end
end

-- The end of a job: it leaves every queue and count, its record stays for `keep` ms.
local function close(id, outcome, reason, keep)
  local j = redis.call('HMGET', job(id), 'platform', 'person', 'conversation', 'private', 'stage', 'lane')
  unqueue(id, j[5], j[6])
  pass_on(id)
  throw_away(id)
  redis.call('SREM', key('open', j[1], j[2]), id)
  if j[4] ~= '1' and redis.call('DECR', key('here', j[1], j[3])) <= 0 then
    redis.call('DEL', key('here', j[1], j[3]))
  end
  redis.call('HSET', job(id), 'stage', '', 'outcome', outcome, 'reason', reason)
  redis.call('HDEL', job(id), 'progress', 'intent', 'lane')
  redis.call('PEXPIRE', job(id), keep)
  redis.call('LPUSH', key('past', j[1], j[2]), id)
  redis.call('LTRIM', key('past', j[1], j[2]), 0, 999)
  redis.call('PEXPIRE', key('past', j[1], j[2]), keep)
  count('ended:' .. j[1] .. ':' .. outcome)
  tell(id, outcome, reason)
end

-- A try came to nothing: later again, or, after `most` tries, an apology (and the dead list).
local function fail(id, stage, reason, most, keep)
  local fails = redis.call('HINCRBY', job(id), 'fails', 1)
  redis.call('ZREM', key('leases', stage), id)
  redis.call('HDEL', job(id), 'progress')
  count('retried:' .. stage)
  if fails < most then
    tell(id, 'retry', reason)
    local pause = math.min(60000, 500 * 2 ^ (fails - 1))
    if reason == 'lease-expired' then pause = 0 end
    redis.call('ZADD', key('later'), now + pause, id)
    return 0
  end
  redis.call('ZADD', key('dead'), now, id)
  count('dead')
  if stage == 'deliver' then
    close(id, 'undeliverable', reason, keep)
    return 0
  end
  pass_on(id)
  tell(id, 'gave-up', reason)
  redis.call('HSET', job(id), 'reason', reason, 'fails', '0', 'paint', '')
  refund(id)
  return enqueue(id, 'deliver', redis.call('HGET', job(id), 'platform'))
end
