-- The photos of a job are stored: it goes on to be painted, to wait for the same painting, or, where
-- the painting exists, straight to delivery.
-- ARGV: id, fence, photos (blob keys), notes, shape (lane of render), paint key ('' never shared), photo scores.
-- Result: {done (0: the lease was lost), wake-up stage or '', wake (0/1)}.
-- Invariant: of all jobs with one paint key at most one is queued or leased in render.
local id, fence, paint = ARGV[1], ARGV[2], ARGV[6]
if not holds(id, 'fetch', fence) then return {0, '', 0} end
redis.call('ZREM', key('leases', 'fetch'), id)
local draft = (redis.call('GET', key('ladder')) or 'normal') ~= 'normal' and '1' or '0'
redis.call('HSET', job(id), 'photos', ARGV[3], 'notes', ARGV[4], 'shape', ARGV[5], 'paint', paint,
  'scores', ARGV[7], 'draft', draft, 'fails', '0')
tell(id, 'fetched')
local stands = paint ~= '' and redis.call('GET', key('painted', paint))
if paint ~= '' and draft == '1' and not (stands and string.sub(stands, 1, 1) == '=') then
  paint = paint .. ':draft'
  redis.call('HSET', job(id), 'paint', paint)
  stands = redis.call('GET', key('painted', paint))
end
if stands and string.sub(stands, 1, 1) == '=' then
  redis.call('HSET', job(id), 'pictures', string.sub(stands, 2))
  count('reused')
  tell(id, 'reused')
  return {1, 'deliver', enqueue(id, 'deliver', redis.call('HGET', job(id), 'platform'))}
end
if stands and redis.call('HGET', job(string.sub(stands, 2)), 'stage') == 'render' then
  redis.call('SADD', key('waiters', paint), id)
  redis.call('HSET', job(id), 'stage', 'render', 'lane', '')
  tell(id, 'waits-for', string.sub(stands, 2))
  return {1, '', 0}
end
if paint ~= '' then redis.call('SET', key('painted', paint), '@' .. id) end
return {1, 'render', enqueue(id, 'render', ARGV[5])}
