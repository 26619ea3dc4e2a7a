-- Lease the jobs of one stage that are next: the best scores of the lane whose first is oldest. Needs: troubles.
-- ARGV: stage, most photos to take, lease ms, worker, heard (1: a wake-up led here), job retention ms.
-- Result: a list of {id, fence, ambiguous (0/1), field, value, ...}.
-- Invariant: a job is in one place only; its fence grows with each claim. A job that failed before is
-- claimed alone, so that a photo that kills its worker takes no others with it; of jobs that a worker died
-- with, a worker has one in hand at most. Photos are not fetched far ahead of the painters: at most 64 and
-- half a minute's work lie ready.
local stage, most, lease, keep = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[6]
if ARGV[5] == '1' then redis.call('DEL', key('wake', stage)) end
if is_paused(stage) then return reply({}) end
if stage == 'fetch' then
  local rate = tonumber(redis.call('HGET', key('capacity'), 'render') or '1')
  if waiting('render') >= 64 + 30 * rate then return reply({}) end
end
local best, oldest
for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do
  local first = redis.call('ZRANGE', key('ready', stage, lane), 0, 0, 'WITHSCORES')
  if not first[1] then
    redis.call('SREM', key('lanes', stage), lane)
  elseif not is_paused(stage .. ':' .. lane) and (not oldest or tonumber(first[2]) < oldest) then
    best, oldest = lane, tonumber(first[2])
  end
end
if not best then return reply({}) end

local hand = key('hand', ARGV[4])
local function holds_suspect()
  for _, id in ipairs(redis.call('SMEMBERS', hand)) do
    if get(id, 'suspect') then return true end
  end
  return false
end

local doing = {fetch = 'fetching', render = 'painting', deliver = 'delivering'}
local claims, taken = {}, 0
for _, id in ipairs(redis.call('ZRANGE', key('ready', stage, best), 0, most - 1)) do
  local record = redis.pcall('HGETALL', job(id))
  local seen = {}
  for i = 1, #record, 2 do seen[record[i]] = record[i + 1] end
  if seen.stage ~= stage or not seen.platform then
    bury(id, 'corrupt-record', keep)
  else
    local _, photos = string.gsub(seen.photos or '', '%S+', '')
    local alone = seen.suspect or (tonumber(seen.fails) or 0) > 0
    if #claims > 0 and (alone or taken + photos > most) then break end
    if seen.suspect and holds_suspect() then break end
    redis.call('ZREM', key('ready', stage, best), id)
    redis.call('ZADD', key('leases', stage), now + lease, id)
    local fence = (tonumber(seen.fence) or 0) + 1
    redis.call('SADD', hand, id)
    redis.call('HSET', job(id), 'fence', fence, 'by', ARGV[4], chapter(doing[stage], ARGV[4]))
    announce(id, seen.platform, doing[stage])
    table.insert(claims, {id, fence, seen.intent and 1 or 0, unpack(record)})
    taken = taken + math.max(1, photos)
    if alone then break end
  end
end
if redis.call('ZCARD', key('ready', stage, best)) > 0 or redis.call('SCARD', key('lanes', stage)) > 1 then wake(stage) end
if stage == 'render' and redis.call('SCARD', key('lanes', 'fetch')) > 0 then wake('fetch') end
return reply(claims)
