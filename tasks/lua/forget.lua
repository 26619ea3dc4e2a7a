-- Forget a person: open jobs end, records, photos and pictures go; keep an opt-out mark when asked. Needs: ends.
-- ARGV: platform, person, the person's mark, opt out (0/1).
-- Result: the blob keys that are to be deleted now; until they are, they stand among the rubbish.
-- Invariant: nothing that names the person is left; what counts against misuse (cooldown, quota, ban)
-- stays under the salted mark until its time is over. Pictures made for others are theirs and stay; a
-- job of somebody else that shared a picture of this person is painted anew.
local platform, person, mark = ARGV[1], ARGV[2], ARGV[3]
local ids = redis.call('SMEMBERS', key('open', platform, person))
for _, id in ipairs(redis.call('ZRANGE', key('past', platform, person), 0, -1)) do table.insert(ids, id) end
local blobs = {}
for _, id in ipairs(ids) do
  if not is_record(id) then redis.call('DEL', job(id)) end
  local j = redis.call('HMGET', job(id), 'stage', 'photos', 'pictures', 'paint', 'person')
  if j[5] == person then
    if j[1] ~= '' then close(id, 'cancelled', 'forgotten', 1000) end
    for blob in string.gmatch((j[2] or '') .. ' ' .. (j[3] or ''), '%S+') do
      if string.find(blob, id, 1, true) then
        table.insert(blobs, blob)
        redis.call('LREM', key('rubbish'), 0, blob)
        redis.call('RPUSH', key('rubbish'), blob)
      end
    end
    local painted = key('painted', j[4] or '')
    local shared = pictures_of(redis.call('GET', painted) or '')
    if shared and shared == j[3] and string.find(shared, id, 1, true) then redis.call('DEL', painted) end
    redis.call('DEL', job(id))
    -- The platform may send the event once more: it is no new ask.
    redis.call('SET', key('refused', id), 'forgotten 0', 'PX', 120000)
    redis.call('ZREM', key('dead'), id)
    redis.call('LREM', key('recent'), 0, id)
    redis.call('ZREM', key('ended'), id)
  end
end
redis.call('DEL', key('open', platform, person), key('past', platform, person))
redis.call('HDEL', key('tiers'), platform .. ':' .. person)
if ARGV[4] == '1' then redis.call('SADD', key('optouts'), mark) end
return reply(blobs)
