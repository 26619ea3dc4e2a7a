-- The position and expected wait of an existing job. Needs: estimates.
-- Under a lease: position 0, unless the queue of `render` is still ahead. A job that waits for another's
-- painting has that one's place.
local function read_position(id)
  local j = redis.call('HMGET', job(id), 'stage', 'score', 'platform', 'photos', 'paint')
  if not j[1] or j[1] == '' then return {position = 0, wait = 0} end
  local score = tonumber(j[2])
  if redis.call('ZSCORE', key('leases', j[1]), id) then
    local busy = math.ceil(number('latency', j[1], j[1] == 'render' and '1' or '0.05') * 1000)
    if j[1] == 'deliver' then return {position = 0, wait = busy} end
    local next = estimate(score, j[3], j[1] == 'fetch' and 'render' or 'deliver', 1)
    return {position = j[1] == 'fetch' and next.position or 0, wait = busy + next.wait}
  end
  local leader = j[1] == 'render' and j[5] and j[5] ~= '' and redis.call('GET', key('painted', j[5]))
  if leader and string.sub(leader, 1, 1) == '@' then
    score = tonumber(get(string.sub(leader, 2), 'score') or j[2])
  end
  local _, photos = string.gsub(j[4] or 'one', '%S+', '')
  return estimate(score, j[3], j[1], math.max(1, photos))
end

-- Like `read_position`, but a record that cannot be read has position 0 and wait 0.
local function position_of(id)
  local ok, stand = pcall(read_position, id)
  return ok and stand or {position = 0, wait = 0}
end

-- When the first of a person's open jobs is expected to end, in ms from now.
local function first_done_ms(open)
  local soonest
  for _, id in ipairs(redis.call('SRANDMEMBER', open, 8)) do
    local wait = position_of(id).wait
    soonest = math.min(soonest or wait, wait)
  end
  return soonest or 60000
end
