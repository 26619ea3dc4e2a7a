-- How jobs end, and how the painting that several wait for finds its painter. Needs: queues.
-- Invariant: whoever leaves the duty to paint leaves it to an heir or leaves a verdict.

-- Pass the duty of painting on to a waiter when the job that others wait for drops out.
local function pass_leadership(id)
  local paint = get(id, 'paint')
  if not paint or paint == '' then return end
  redis.call('SREM', key('waiters', paint), id)
  if redis.call('GET', key('painted', paint)) ~= '@' .. id then return end
  redis.call('DEL', key('painted', paint))
  if redis.call('EXISTS', key('waiters', paint)) == 1 then redis.call('SADD', key('serving'), paint) end
end

-- Leave the verdict that this painting cannot be made: those who wait for it hear the same, and for
-- ten minutes those who ask for it anew. A photo that kills its painter kills no more of them.
local function record_failure(id, reason, refunded)
  local paint = get(id, 'paint')
  if not paint or paint == '' or redis.call('GET', key('painted', paint)) ~= '@' .. id then return end
  redis.call('SET', key('painted', paint), '!' .. refunded .. ' ' .. reason, 'PX', 600000)
  redis.call('SADD', key('serving'), paint)
end

-- Give the wait and the day's share back, once: a job may be given up, revived and given up again.
local function refund(id)
  local j = redis.call('HMGET', job(id), 'mark', 'day')
  local who = key('user', j[1] or '-')
  local state = redis.call('HMGET', who, 'last', 'day', 'used')
  if state[1] == id then redis.call('HSET', who, 'until', '0') end
  if state[2] == j[2] and tonumber(state[3] or '0') > 0 then redis.call('HINCRBY', who, 'used', -1) end
  redis.call('HDEL', job(id), 'day')
end

-- There will be no painting: the job goes on to be answered with an apology. The reasons of one job do
-- not hold for others that wait for the same painting where they are about its people.
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

-- The end of a job: it leaves every queue and count; its record stays for `keep` ms.
local function end_job(id, outcome, reason, keep)
  local j = redis.call('HMGET', job(id), 'platform', 'person', 'conversation', 'private', 'stage', 'lane', 'photos')
  local platform, person, here = j[1] or '-', j[2] or '-', (j[1] or '-') .. ':' .. (j[3] or '-')
  unqueue(id, j[5] or '', j[6] or '')
  pass_leadership(id)
  for blob in string.gmatch(j[7] or '', '%S+') do redis.call('RPUSH', key('deletions'), blob) end
  redis.call('SREM', key('open', platform, person), id)
  if j[4] ~= '1' and redis.call('HINCRBY', key('open_in_chat'), here, -1) <= 0 then redis.call('HDEL', key('open_in_chat'), here) end
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
