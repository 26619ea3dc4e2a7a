-- Record the completed fraction of paintings. Needs: queues. ARGV: fraction, then id and fence alternately.
-- Result: 1. Invariant: a job that was forgotten, cancelled or leased again is not changed.
for i = 2, #ARGV, 2 do
  if holds(ARGV[i], 'render', ARGV[i + 1]) then
    redis.call('HSET', job(ARGV[i]), 'progress', ARGV[1])
    redis.call('PUBLISH', key('updates'), ARGV[i] .. ' ' .. get(ARGV[i], 'platform') .. ' progress')
  end
end
return reply(1)
