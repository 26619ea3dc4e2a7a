-- Forget a person: open jobs end, records, photos and pictures go; keep an opt-out mark when asked.
-- ARGV: platform, person, opt-out mark ('' for none).
-- Result: the blob keys that are to be deleted now.
-- Invariant: nothing that names the person is left, save the salted mark. A job of somebody else that
-- shared a picture is painted anew when it finds the picture gone.
local platform, person = ARGV[1], ARGV[2]
local ids = redis.call('SMEMBERS', key('open', platform, person))
for _, id in ipairs(redis.call('LRANGE', key('past', platform, person), 0, -1)) do table.insert(ids, id) end
local blobs = {}
for _, id in ipairs(ids) do
  local j = redis.call('HMGET', job(id), 'stage', 'photos', 'pictures', 'paint', 'person')
  if j[5] == person then
    if j[1] ~= '' then close(id, 'cancelled', 'forgotten', 1000) end
    for blob in string.gmatch((j[2] or '') .. ' ' .. (j[3] or ''), '%S+') do table.insert(blobs, blob) end
    local stands = j[4] and j[4] ~= '' and redis.call('GET', key('painted', j[4]))
    if stands == '=' .. (j[3] or '') then redis.call('DEL', key('painted', j[4])) end
    redis.call('DEL', job(id))
  end
end
redis.call('DEL', key('open', platform, person), key('who', platform, person), key('past', platform, person))
redis.call('HDEL', key('tiers'), platform .. ':' .. person)
if ARGV[3] ~= '' then redis.call('SADD', key('optouts'), ARGV[3]) end
return blobs
