-- The pictures of a job are stored: the job goes on to `deliver`; jobs that wait for the same painting
-- are served by `serve_waiters`. Needs: queues.
-- ARGV: id, fence, pictures (blob keys), retention of pictures ms, edition (engine and version) that painted
-- them, notes for the answer beside those of the photos ('' for none), model that painted them ('' unknown).
-- Result: 1 (2: others wait for these pictures), or 0 if the lease was lost.
-- Invariant: pictures are recorded only by the holder of the newest fence.
local id, pictures, model = ARGV[1], ARGV[3], ARGV[7] or ''
local state = complete_lease(id, 'render', ARGV[2])
if state ~= 'held' then return not_held(state) end
redis.call('HSET', job(id), 'pictures', pictures)
if (ARGV[6] or '') ~= '' then redis.call('HSET', job(id), 'notes', (get(id, 'notes') or '') .. ' ' .. ARGV[6]) end
reset_failures(id)
count('painted')
local routed = get(id, 'model') or ''
if model ~= '' then count('model-painted:' .. model) end
if routed ~= '' and model ~= '' and model ~= routed then count('model-missed:' .. routed) end
record_event(id, 'painted', ARGV[5])
enqueue(id, 'deliver', get(id, 'platform'))
local paint = get(id, 'paint')
if not paint or paint == '' then return reply(1) end
redis.call('SET', key('painted', paint), '=' .. ARGV[5] .. ' ' .. pictures, 'PX', ARGV[4])
if redis.call('EXISTS', key('waiters', paint)) == 0 then return reply(1) end
redis.call('SADD', key('serving'), paint)
return reply(2)
