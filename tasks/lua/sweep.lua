-- Set right what dead workers and lost messages left behind; any number of machines may run it.
-- ARGV: most tries, job retention ms, most jobs to touch.
-- Result: {expired, due, wake-ups for fetch, render, deliver (0/1)}.
-- Invariant: running it twice changes nothing more.
local most, limit = tonumber(ARGV[1]), tonumber(ARGV[3])
local expired, due = 0, 0
for _, stage in ipairs({'fetch', 'render', 'deliver'}) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('leases', stage), '-inf', now, 'LIMIT', 0, limit)) do
    expired = expired + 1
    if redis.call('HGET', job(id), 'stage') == stage then
      -- A delivery is not poison: whoever holds it died, so it is tried for longer.
      fail(id, stage, 'lease-expired', stage == 'deliver' and most * 10 or most, ARGV[2])
    else
      redis.call('ZREM', key('leases', stage), id)
    end
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('later'), '-inf', now, 'LIMIT', 0, limit)) do
  redis.call('ZREM', key('later'), id)
  local j = redis.call('HMGET', job(id), 'stage', 'lane')
  if j[1] and j[1] ~= '' then
    due = due + 1
    enqueue(id, j[1], j[2])
  end
end
local wakes = {}
for i, stage in ipairs({'fetch', 'render', 'deliver'}) do
  wakes[i] = redis.call('SCARD', key('lanes', stage)) > 0 and not is_paused(stage) and wake(stage) or 0
end
return {expired, due, wakes[1], wakes[2], wakes[3]}
