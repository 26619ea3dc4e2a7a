-- Jobs that fail, and records that cannot be read. Needs: completion.
-- Invariant: attempts are bounded; jobs that are given up are on the dead list.

-- Delay a job until its next attempt.
local function retry_later(id, stage, reason, pause)
  end_lease(id, stage)
  redis.call('HDEL', job(id), 'progress')
  count('retried:' .. stage)
  record_repeated(id, 'retry', reason)
  redis.call('ZADD', key('delayed'), now + pause, id)
end

-- Count a failed attempt to paint for the model of the worker that tried.
local function count_failed_painting(stage, worker)
  if stage ~= 'render' or not worker then return end
  local _, model = announced(worker)
  if model then count('model-failed:' .. model) end
end

-- After a failed attempt: delay the job, or, after `most` attempts, decline it and add it to the dead list.
-- With `patience` the photo is not the cause, and the job is retried for so many ms instead.
local function fail(id, stage, reason, most, patience, keep)
  local tries = redis.call('HINCRBY', job(id), patience > 0 and 'faults' or 'fails', 1)
  local since = tonumber(get(id, 'since') or now)
  if patience > 0 then redis.call('HSET', job(id), 'since', int(since)) end
  if tries < most or now - since < patience then
    local pause = reason == 'lease-expired' and 0 or math.min(60000, 500 * 2 ^ (tries - 1))
    retry_later(id, stage, reason, pause)
    return
  end
  end_lease(id, stage)
  redis.call('ZADD', key('dead'), now, id)
  count('dead')
  if stage == 'deliver' then
    refund(id)
    end_job(id, 'undeliverable', reason, keep)
  else
    record_event(id, 'gave-up', reason)
    decline(id, reason, '{}', '1')
  end
end

-- Add a job that cannot be processed to the dead list; the readable fields of its record are kept.
local function move_to_dead(id, reason, keep)
  for _, stage in ipairs({'fetch', 'render', 'deliver'}) do
    redis.call('ZREM', key('leases', stage), id)
    for _, lane in ipairs(redis.call('SMEMBERS', key('lanes', stage))) do
      redis.call('ZREM', key('ready', stage, lane), id)
    end
  end
  redis.call('ZREM', key('delayed'), id)
  redis.call('ZADD', key('dead'), now, id)
  count('dead')
  if redis.call('TYPE', job(id)).ok ~= 'hash' then redis.call('DEL', job(id)) return end
  end_job(id, 'undeliverable', reason, keep)
end
