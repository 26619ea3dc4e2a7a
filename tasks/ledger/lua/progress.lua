-- Record how far paintings are. Needs: queues. ARGV: fraction, then id and fence by turns.
-- Result: 1. Invariant: a job that was forgotten, cancelled or taken over is left alone.
for i = 2, #ARGV, 2 do
  if holds(ARGV[i], 'render', ARGV[i + 1]) then
    redis.call('HSET', job(ARGV[i]), 'progress', ARGV[1])
    redis.call('PUBLISH', key('updates'), ARGV[i] .. ' ' .. get(ARGV[i], 'platform') .. ' progress')
  end
end
return reply(1)
