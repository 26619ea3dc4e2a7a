-- Renew the leases that are still held. Needs: queues.
-- ARGV: stage, lease ms, then id and fence alternately. Result: the ids that are lost.
-- Invariant: a lease that passed to another worker or was cancelled is never restored.
local lost = {}
for i = 3, #ARGV, 2 do
  if holds(ARGV[i], ARGV[1], ARGV[i + 1]) then
    redis.call('ZADD', key('leases', ARGV[1]), now + tonumber(ARGV[2]), ARGV[i])
  else
    table.insert(lost, ARGV[i])
  end
end
return reply(lost)
