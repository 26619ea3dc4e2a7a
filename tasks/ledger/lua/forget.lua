-- Forget a person: end open jobs, delete records, photos and pictures, optionally store an opt-out. Needs: completion.
-- ARGV: platform, person, the person's pseudonym, opt out (0/1).
-- Result: the blob keys that the caller must delete; they stay in `deletions` until then.
-- Invariant: nothing that names the person remains; data against misuse (cooldown, quota, ban) stays under
-- the pseudonym until it expires. Pictures that were made for others stay; a job of another person that
-- shares a picture of this person is painted again. Published answers to this
-- person are queued to be deleted on their platform; with an opt-out also those to others that show the
-- person's photos, and their pictures go, with what the platform noted of them (files that it has).
local platform, person, mark = ARGV[1], ARGV[2], ARGV[3]
local ids = redis.call('SMEMBERS', key('open', platform, person))
for _, id in ipairs(redis.call('ZRANGE', key('past', platform, person), 0, -1)) do table.insert(ids, id) end
local blobs = {}

local function delete_blobs(id, keys)
  for blob in string.gmatch(keys or '', '%S+') do
    if string.find(blob, id, 1, true) then
      table.insert(blobs, blob)
      redis.call('LREM', key('deletions'), 0, blob)
      redis.call('RPUSH', key('deletions'), blob)
    end
  end
end

local function delete_painted(id, paint, pictures)
  local painted = key('painted', paint or '')
  local shared = pictures_of(redis.call('GET', painted) or '')
  if shared and shared == pictures and string.find(shared, id, 1, true) then redis.call('DEL', painted) end
end

for _, id in ipairs(ids) do
  if not is_record(id) then redis.call('DEL', job(id)) end
  local j = redis.call('HMGET', job(id), 'stage', 'photos', 'pictures', 'paint', 'person', 'receipt', 'owners')
  if j[5] == person then
    if j[1] ~= '' then end_job(id, 'cancelled', 'forgotten', 1000) end
    delete_blobs(id, (j[2] or '') .. ' ' .. (j[3] or ''))
    delete_painted(id, j[4], j[3])
    retract(platform, j[6])
    for owner in string.gmatch(j[7] or '', '%S+') do redis.call('ZREM', key('shows', owner), id) end
    redis.call('DEL', job(id))
    -- The platform may send the event again: it must not become a new request.
    redis.call('SET', key('refused', id), 'forgotten 0', 'PX', 120000)
    redis.call('ZREM', key('dead'), id)
    redis.call('LREM', key('recent'), 0, id)
    redis.call('ZREM', key('ended'), id)
  end
end
redis.call('DEL', key('open', platform, person), key('past', platform, person))
redis.call('HDEL', key('tiers'), platform .. ':' .. person)
-- Records of other people's jobs that show this person's photos name the person as their owner.
local function remove_owner(id)
  local ok, request = pcall(cjson.decode, get(id, 'request') or '')
  if not ok then return end
  for _, photo in ipairs(request.photos) do
    if photo.owner == person then photo.owner = nil end
  end
  redis.call('HSET', job(id), 'request', cjson.encode(request))
end

for _, id in ipairs(redis.call('ZRANGE', key('shows', mark), 0, -1)) do
  if is_record(id) then remove_owner(id) end
end
if ARGV[4] == '1' then
  redis.call('SADD', key('optouts'), mark)
  for _, id in ipairs(redis.call('ZRANGE', key('shows', mark), 0, -1)) do
    local j = is_record(id) and redis.call('HMGET', job(id), 'stage', 'pictures', 'paint', 'platform', 'receipt') or {}
    if j[1] == '' then
      delete_blobs(id, j[2])
      delete_painted(id, j[3], j[2])
      retract(j[4], j[5])
      withdraw_pictures(id)
      redis.call('LREM', key('recent'), 0, id)
    end
  end
end
if ARGV[4] == '1' then redis.call('DEL', key('shows', mark)) end
return reply(blobs)
