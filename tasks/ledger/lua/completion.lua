-- How jobs end, and which job is rendered for a picture that several jobs wait for (the leader). Needs: queues.
-- Invariant: if a leader ends early, another job becomes the leader or the shared failure is recorded.

-- Make a waiting job the leader, because this job ends early.
local function pass_leadership(id)
  local paint = get(id, 'paint')
  if not paint or paint == '' then return end
  redis.call('SREM', key('waiters', paint), id)
  if redis.call('GET', key('painted', paint)) ~= '@' .. id then return end
  redis.call('DEL', key('painted', paint))
  if redis.call('EXISTS', key('waiters', paint)) == 1 then redis.call('SADD', key('serving'), paint) end
end

-- Record that this picture cannot be painted: its waiters, and for ten minutes new requests for it, are
-- declined too, so that a photo that crashes a worker does so only once.
local function record_failure(id, reason, refunded)
  local paint = get(id, 'paint')
  if not paint or paint == '' or redis.call('GET', key('painted', paint)) ~= '@' .. id then return end
  redis.call('SET', key('painted', paint), '!' .. refunded .. ' ' .. reason, 'PX', 600000)
  redis.call('SADD', key('serving'), paint)
end

-- Refund cooldown and quota, only once per job: a dead job can be retried and fail again.
local function refund(id)
  local j = redis.call('HMGET', job(id), 'mark', 'day')
  local user = key('user', j[1] or '-')
  local state = redis.call('HMGET', user, 'last', 'day', 'used')
  if state[1] == id then redis.call('HSET', user, 'until', '0') end
  if state[2] == j[2] and tonumber(state[3] or '0') > 0 then redis.call('HINCRBY', user, 'used', -1) end
  redis.call('HDEL', job(id), 'day')
end

-- Decline a job: it is answered with an apology. A reason that concerns the people of this job does not
-- apply to other jobs that wait for the same picture.
local function decline(id, reason, facts, refunded)
  if reason == 'owner-opted-out' then pass_leadership(id) else record_failure(id, reason, refunded) end
  redis.call('HSET', job(id), 'reason', reason, 'facts', facts, 'refunded', refunded, 'paint', '', 'pictures', '')
  reset_failures(id)
  if refunded == '1' then refund(id) end
  enqueue(id, 'deliver', get(id, 'platform'))
end

-- Queue a published answer to be deleted on its platform.
local function retract(platform, receipt)
  if not platform or (receipt or '') == '' then return end
  redis.call('HSETNX', key('retractions'), platform .. ' ' .. receipt, int(now) .. ' ' .. int(now))
end

-- A job's pictures are not to be shown again: its record names them no more, nor what the platform has of them.
local function withdraw_pictures(id)
  redis.call('HSET', job(id), 'pictures', '')
  for _, field in ipairs(redis.call('HKEYS', job(id))) do
    if string.sub(field, 1, 2) == 'm:' then redis.call('HDEL', job(id), field) end
  end
end

-- End a job: it leaves every queue and count; its record is kept for `keep` ms.
local function end_job(id, outcome, reason, keep)
  local j = redis.call('HMGET', job(id), 'platform', 'person', 'conversation', 'private', 'stage', 'lane', 'photos')
  local platform, person, chat = j[1] or '-', j[2] or '-', (j[1] or '-') .. ':' .. (j[3] or '-')
  unqueue(id, j[5] or '', j[6] or '')
  pass_leadership(id)
  for blob in string.gmatch(j[7] or '', '%S+') do redis.call('RPUSH', key('deletions'), blob) end
  redis.call('SREM', key('open', platform, person), id)
  if j[4] ~= '1' and redis.call('HINCRBY', key('open_in_chat'), chat, -1) <= 0 then redis.call('HDEL', key('open_in_chat'), chat) end
  redis.call('HINCRBY', key('unanswered'), platform, -1)
  redis.call('HSET', job(id), 'stage', '', 'outcome', outcome, 'reason', reason, 'photos', '')
  redis.call('HDEL', job(id), 'progress', 'intent', 'lane', 'scores', 'shape')
  reset_failures(id)
  redis.call('PEXPIRE', job(id), keep)
  redis.call('ZADD', key('ended'), now, id)
  local past = key('past', platform, person)
  redis.call('ZADD', past, now, id)
  redis.call('ZREMRANGEBYSCORE', past, '-inf', now - keep)
  redis.call('PEXPIRE', past, keep)
  count('ended:' .. platform .. ':' .. outcome)
  record_event(id, outcome, reason)
end
