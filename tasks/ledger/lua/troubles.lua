-- What is done with jobs that fail, and with records that cannot be read. Needs: ends.
-- Invariant: tries are bounded; what is given up is on the dead list.

-- Try again later: nobody knows yet that it is hopeless.
local function put_off(id, stage, reason, pause)
  let_go(id, stage)
  redis.call('HDEL', job(id), 'progress')
  count('retried:' .. stage)
  tell(id, 'retry', reason)
  redis.call('ZADD', key('later'), now + pause, id)
end

-- A try came to nothing: later again, or, after `most` tries, an apology and the dead list. With a
-- patience the photo is not at fault: then the tries go on until it ends, too.
local function fail(id, stage, reason, most, patience, keep)
  local tries = redis.call('HINCRBY', job(id), patience > 0 and 'faults' or 'fails', 1)
  local since = tonumber(get(id, 'since') or now)
  if patience > 0 then redis.call('HSET', job(id), 'since', int(since)) end
  if tries < most or now - since < patience then
    local pause = reason == 'lease-expired' and 0 or math.min(60000, 500 * 2 ^ (tries - 1))
    put_off(id, stage, reason, pause)
    return
  end
  let_go(id, stage)
  redis.call('ZADD', key('dead'), now, id)
  count('dead')
  if stage == 'deliver' then
    refund(id)
    close(id, 'undeliverable', reason, keep)
  else
    tell(id, 'gave-up', reason)
    decline(id, reason, '{}', '1')
  end
end

-- Put a job that nobody can work on onto the dead list; what can be read of it stays.
local function bury(id, reason, keep)
  for _, stage in ipairs({'fetch', 'render', 'deliver'}) do
    redis.call('ZREM', key('leases', stage), id)
    for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do
      redis.call('ZREM', key('ready', stage, lane), id)
    end
  end
  redis.call('ZREM', key('later'), id)
  redis.call('ZADD', key('dead'), now, id)
  count('dead')
  if redis.call('TYPE', job(id)).ok ~= 'hash' then redis.call('DEL', job(id)) return end
  close(id, 'undeliverable', reason, keep)
end
