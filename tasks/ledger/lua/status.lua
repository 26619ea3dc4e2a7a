-- A job's place in the queue. Needs: position. ARGV: id.
-- Result: {stage, outcome, position, wait ms, progress, paused (0/1)}, or {} for an unknown job.
local id = ARGV[1]
if not is_record(id) then return reply({}) end
local j = redis.call('HMGET', job(id), 'stage', 'outcome', 'progress', 'platform')
if not j[1] then return reply({}) end
local p = position_of(id)
-- Only an operator's pauses count, up to the painting; a platform's short pause is part of the wait.
local ahead = {fetch = {'fetch', 'render'}, render = {'render'}, deliver = {'deliver'}}
local held = 0
for _, what in ipairs(p.position > 0 and ahead[j[1]] or {}) do
  for _, name in ipairs({what, what .. ':' .. (j[4] or '')}) do
    if redis.call('HEXISTS', key('paused'), name) == 1 then held = 1 end
  end
end
return reply({j[1], j[2] or '', p.position, p.wait, j[3] or '0', held})
