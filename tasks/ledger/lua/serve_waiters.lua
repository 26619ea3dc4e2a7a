-- Serve the jobs that waited for a painting that is finished, cannot be made, or lost its leader. Needs: completion.
-- ARGV: most jobs to touch. Result: how many were served.
-- Invariant: many waiters are served in short steps, by any caller, and none is lost when a caller dies
-- between two steps.
local left, served = tonumber(ARGV[1]), 0

local function serve(id, paint, stands)
  local kind = string.sub(stands, 1, 1)
  if kind == '=' then
    redis.call('HSET', job(id), 'pictures', (pictures_of(stands)))
    count('reused')
    record_event(id, 'reused')
    enqueue(id, 'deliver', get(id, 'platform'))
  elseif kind == '!' then
    decline(id, string.sub(stands, 4), '{}', string.sub(stands, 2, 2))
  else
    redis.call('SET', key('painted', paint), '@' .. id)
    record_event(id, 'leads')
    enqueue(id, 'render', lane_of(id, 'render'))
  end
end

for _, paint in ipairs(redis.call('SRANDMEMBER', key('serving'), left)) do
  local stands = redis.call('GET', key('painted', paint)) or ''
  while left > 0 and string.sub(stands, 1, 1) ~= '@' do
    local id = redis.call('SPOP', key('waiters', paint))
    if not id then break end
    if get(id, 'stage') == 'render' and get(id, 'paint') == paint then
      serve(id, paint, stands)
      left, served = left - 1, served + 1
      stands = redis.call('GET', key('painted', paint)) or ''
    end
  end
  if left > 0 then redis.call('SREM', key('serving'), paint) end
end
return reply(served)
