-- End a job that is answered or cannot be answered. Needs: completion.
-- ARGV: id, fence, outcome, reason, receipt, job retention ms.
-- Result: 1, or 0 if the lease was lost.
-- Invariant: a job ends once.
local id, fence, outcome, receipt = ARGV[1], ARGV[2], ARGV[3], ARGV[5]

local function bound_of(seconds)
  for _, bound in ipairs({1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600}) do
    if seconds <= bound then return bound end
  end
  return 'more'
end

local state = complete_lease(id, 'deliver', fence)
if state ~= 'held' then return not_held(state) end
redis.call('HSET', job(id), 'receipt', receipt)
local j = redis.call('HMGET', job(id), 'platform', 'intent', 'admitted', 'promised', 'private', 'mark', 'owners')
local platform, waited, said = j[1], now - tonumber(j[3]), tonumber(j[4])
-- Another holder recorded the intent, and `find_answer` found its answer on the platform.
if j[2] and j[2] ~= fence and outcome ~= 'undeliverable' then count('reconciled:' .. platform) end
local quota = redis.call('HGET', key('quota'), platform)
if quota and receipt ~= '' then
  redis.call('LPUSH', key('sent', platform), int(now))
  redis.call('LTRIM', key('sent', platform), 0, tonumber(string.match(quota, '^%d+')) - 1)
end
if outcome == 'answered' then
  count('waited-ms', waited)
  count('waited-s:' .. bound_of(waited / 1000))
  count('promised-ms', said)
  if waited <= 1.25 * said then count('promises-kept') end
  -- The person or an owner objected while the answer was being sent.
  local objects = objection(j[6], j[7])
  if objects then
    retract(platform, receipt)
    for blob in string.gmatch(get(id, 'pictures') or '', '%S+') do
      if string.find(blob, id, 1, true) then redis.call('RPUSH', key('deletions'), blob) end
    end
    withdraw_pictures(id)
  end
  if j[5] ~= '1' and not objects then
    redis.call('LPUSH', key('recent'), id)
    redis.call('LTRIM', key('recent'), 0, 23)
  end
end
end_job(id, outcome, ARGV[4], ARGV[6])
return reply(1)
