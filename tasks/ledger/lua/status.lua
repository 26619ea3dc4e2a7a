-- A job's place in the queue. Needs: position. ARGV: id.
-- Result: {stage, outcome, position, wait ms, progress}, or {} for an unknown job.
local id = ARGV[1]
if not is_record(id) then return reply({}) end
local j = redis.call('HMGET', job(id), 'stage', 'outcome', 'progress')
if not j[1] then return reply({}) end
local p = position_of(id)
return reply({j[1], j[2] or '', p.position, p.wait, j[3] or '0'})
