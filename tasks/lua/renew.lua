-- Renew the leases that are still held.
-- ARGV: stage, lease ms, then id and fence by turns. Result: the ids that are lost.
-- Invariant: an expired or handed-on lease is never brought back.
local lost = {}
for i = 3, #ARGV, 2 do
  if holds(ARGV[i], ARGV[1], ARGV[i + 1]) then
    redis.call('ZADD', key('leases', ARGV[1]), now + tonumber(ARGV[2]), ARGV[i])
  else
    table.insert(lost, ARGV[i])
  end
end
return lost
