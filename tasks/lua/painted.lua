-- The pictures of a job are stored: it, and every job that waited for the same painting, goes on to be
-- delivered.
-- ARGV: id, fence, pictures (blob keys), retention of pictures ms.
-- Result: {done (0: the lease was lost), 'deliver', wake (0/1)}.
-- Invariant: a picture enters the record only under the newest fence.
local id, fence, pictures = ARGV[1], ARGV[2], ARGV[3]
if not holds(id, 'render', fence) then return {0, '', 0} end
redis.call('ZREM', key('leases', 'render'), id)
redis.call('HSET', job(id), 'pictures', pictures, 'fails', '0')
redis.call('HDEL', job(id), 'progress')
count('painted')
tell(id, 'painted')
local woken = enqueue(id, 'deliver', redis.call('HGET', job(id), 'platform'))
local paint = redis.call('HGET', job(id), 'paint')
if paint and paint ~= '' then
  redis.call('SET', key('painted', paint), '=' .. pictures, 'PX', ARGV[4])
  for _, waiter in ipairs(redis.call('SMEMBERS', key('waiters', paint))) do
    if redis.call('HGET', job(waiter), 'stage') == 'render' then
      redis.call('HSET', job(waiter), 'pictures', pictures, 'fails', '0')
      count('reused')
      tell(waiter, 'reused')
      woken = math.max(woken, enqueue(waiter, 'deliver', redis.call('HGET', job(waiter), 'platform')))
    end
  end
  redis.call('DEL', key('waiters', paint))
end
return {1, 'deliver', woken}
