-- Lease the jobs of one stage that are next: the best scores of the lane whose first is oldest.
-- ARGV: stage, most photos to take, lease ms, worker.
-- Result: a list of {id, fence, ambiguous (0/1), field, value, ...}, and last the wake-up flag.
-- Invariant: a job is in one place only; its fence grows with each claim. A job that failed before is
-- claimed alone, so that a photo that kills its worker takes no others with it.
local stage, most, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('DEL', key('wake', stage))
if is_paused(stage) then return {0} end
local best, oldest
for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do
  local first = redis.call('ZRANGE', key('ready', stage, lane), 0, 0, 'WITHSCORES')
  if not first[1] then
    redis.call('SREM', key('lanes', stage), lane)
  elseif not is_paused(stage .. ':' .. lane) and (not oldest or tonumber(first[2]) < oldest) then
    best, oldest = lane, tonumber(first[2])
  end
end
if not best then return {0} end

local doing = {fetch = 'fetching', render = 'painting', deliver = 'delivering'}
local claims, taken = {}, 0
for _, id in ipairs(redis.call('ZRANGE', key('ready', stage, best), 0, most - 1)) do
  local seen = redis.call('HMGET', job(id), 'fails', 'photos', 'stage')
  local _, photos = string.gsub(seen[2] or '', '%S+', '')
  local alone = tonumber(seen[1] or '0') > 0
  if #claims > 0 and (alone or taken + photos > most) then break end
  redis.call('ZREM', key('ready', stage, best), id)
  if seen[3] == stage then
    redis.call('ZADD', key('leases', stage), now + lease, id)
    local fence = redis.call('HINCRBY', job(id), 'fence', 1)
    tell(id, doing[stage], ARGV[4])
    local record = redis.call('HGETALL', job(id))
    table.insert(claims, {id, fence, redis.call('HEXISTS', job(id), 'intent'), unpack(record)})
    taken = taken + math.max(1, photos)
    if alone then break end
  end
end
local more = redis.call('ZCARD', key('ready', stage, best)) > 0 or redis.call('SCARD', key('lanes', stage)) > 1
table.insert(claims, more and wake(stage) or 0)
return claims
