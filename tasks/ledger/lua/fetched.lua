-- The photos of a job are stored: it goes on to be painted, to wait for the same painting, or, where
-- the painting exists and is by the engine that paints now, straight to delivery. Needs: completion.
-- ARGV: id, fence, photos (blob keys), notes, shape (lane of render), paint key ('' never shared), photo scores,
--       the model that is to paint ('' any).
-- Result: 1, or 0 if the lease was lost.
-- Invariant: of all jobs with one paint key at most one is queued or leased in render. As long as no worker
-- has announced its engine, the engine that painted last counts.
local id, paint, model = ARGV[1], ARGV[6], ARGV[8] or ''

local function look_up()
  local stands = paint ~= '' and redis.call('GET', key('painted', paint)) or ''
  local pictures, edition = pictures_of(stands)
  return stands, pictures and is_current(edition, model) and pictures or nil
end

local state = complete_lease(id, 'fetch', ARGV[2])
if state ~= 'held' then return not_held(state) end
local draft = (redis.call('GET', key('overload_level')) or 'normal') ~= 'normal' and '1' or '0'
local stands, pictures = look_up()
if paint ~= '' and draft == '1' and not pictures and string.sub(stands, 1, 1) ~= '!' then
  paint = paint .. ':draft'
  stands, pictures = look_up()
end
redis.call('HSET', job(id), 'photos', ARGV[3], 'notes', ARGV[4], 'shape', ARGV[5], 'paint', paint,
  'scores', ARGV[7], 'draft', draft, 'model', model)
if model ~= '' then count('model-routed:' .. model) end
reset_failures(id)
record_event(id, 'fetched')
local kind, rest = string.sub(stands, 1, 1), string.sub(stands, 2)
if pictures then
  redis.call('HSET', job(id), 'pictures', pictures)
  count('reused')
  record_event(id, 'reused')
  enqueue(id, 'deliver', get(id, 'platform'))
elseif kind == '!' then
  decline(id, string.sub(rest, 3), '{}', string.sub(rest, 1, 1))
elseif kind == '@' and rest ~= id and get(rest, 'stage') == 'render' then
  redis.call('SADD', key('waiters', paint), id)
  redis.call('HSET', job(id), 'stage', 'render', 'lane', '')
  record_event(id, 'waits-for', rest)
else
  if paint ~= '' then redis.call('SET', key('painted', paint), '@' .. id) end
  enqueue(id, 'render', lane_of(id, 'render'))
end
return reply(1)
