-- Requeue jobs with expired leases and delayed jobs, send wake-ups; any number of processes may run it. Needs: failures.
-- ARGV: most attempts, job retention ms, most jobs to touch, grace ms (the server was away: holders could not renew).
-- Result: {expired, due}.
-- Invariant: a second run changes nothing more; a record that cannot be read does not affect other jobs.
local most, keep, limit, grace = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

-- Whether the dead worker held only this job. If not, all its jobs become suspect, all at once, because
-- their leases expire one after the other.
local function held_one_job(id)
  local worker = get(id, 'by')
  if not worker then return false end
  local held = redis.call('SMEMBERS', key('claims', worker))
  if #held == 1 then return true end
  for _, each in ipairs(held) do
    if get(each, 'by') == worker then
      redis.call('HSET', job(each), 'suspect', '1')
      redis.call('HDEL', job(each), 'by')
    end
  end
  redis.call('DEL', key('claims', worker))
  return false
end

local function expire_lease(id, stage)
  if get(id, 'stage') ~= stage then redis.call('ZREM', key('leases', stage), id) return end
  count_failed_painting(stage, get(id, 'by'))
  local alone = held_one_job(id)
  redis.call('HSET', job(id), 'suspect', '1')
  if not alone then retry_later(id, stage, 'lease-expired', 0) return end
  -- A delivery rarely causes a crash, and giving it up leaves the person without an answer: retry for longer.
  fail(id, stage, 'lease-expired', stage == 'deliver' and most * 10 or most, 0, keep)
end

local function requeue(id)
  local j = redis.call('HMGET', job(id), 'stage', 'lane')
  redis.call('ZREM', key('delayed'), id)
  if j[1] and j[1] ~= '' then enqueue(id, j[1], j[2]) end
end

local function safely(act, id, ...)
  if not pcall(act, id, ...) then move_to_dead(id, 'corrupt-record', keep) end
end

local expired, due = 0, 0
for _, stage in ipairs({'fetch', 'render', 'deliver'}) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('leases', stage), '-inf', int(now - grace), 'LIMIT', 0, limit)) do
    expired = expired + 1
    safely(expire_lease, id, stage)
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('delayed'), '-inf', now, 'LIMIT', 0, limit)) do
  due = due + 1
  safely(requeue, id)
end
for _, stage in ipairs({'fetch', 'render', 'deliver'}) do
  if not is_paused(stage) then
    for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do wake(queue_of(stage, lane)) end
  end
end
return reply({expired, due})
