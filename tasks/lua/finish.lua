-- The answer stands, or it never can: the job ends.
-- ARGV: id, fence, outcome, reason, receipt, job retention ms.
-- Result: 1, or 0 when the lease was lost.
-- Invariant: a job ends once.
local id = ARGV[1]
if not holds(id, 'deliver', ARGV[2]) then return 0 end
redis.call('HSET', job(id), 'receipt', ARGV[5])
if ARGV[3] == 'answered' then
  local j = redis.call('HMGET', job(id), 'platform', 'person', 'admitted', 'told')
  local quota = redis.call('HGET', key('quota'), j[1])
  if quota then
    redis.call('LPUSH', key('sent', j[1]), string.format('%d', now))
    redis.call('LTRIM', key('sent', j[1]), 0, tonumber(string.match(quota, '^%d+')) - 1)
  end
  count('waited-ms', now - tonumber(j[3]))
  count('said-ms', tonumber(j[4]))
  if now - tonumber(j[3]) <= 1.25 * tonumber(j[4]) then count('kept-word') end
end
close(id, ARGV[3], ARGV[4], ARGV[6])
return 1
