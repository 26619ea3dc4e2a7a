-- Return a job to an earlier stage whose blobs were deleted (retention, a deleted shared picture). Needs: failures.
-- ARGV: id, fence, stage, stage to go back to ('fetch' or 'render'), most times, job retention ms.
-- Result: 1, or 0 if the lease was lost.
-- Invariant: the number of returns is bounded. A delivery is returned only if it is known that no answer was sent.
local id, stage, back = ARGV[1], ARGV[3], ARGV[4]
local state = complete_lease(id, stage, ARGV[2])
if state ~= 'held' then return not_held(state) end
if stage == 'deliver' then redis.call('HDEL', job(id), 'intent') end
if redis.call('HINCRBY', job(id), 'rewinds', 1) > tonumber(ARGV[5]) then
  redis.call('HSET', job(id), 'pictures', '')
  redis.call('ZADD', key('dead'), now, id)
  count('dead')
  record_repeated(id, 'gave-up', 'storage-failed')
  decline(id, 'storage-failed', '{}', '1')
  return reply(1)
end
pass_leadership(id)
redis.call('HSET', job(id), 'pictures', '', 'paint', '')
record_repeated(id, 'back-to-' .. back)
enqueue(id, back, lane_of(id, back))
return reply(1)
