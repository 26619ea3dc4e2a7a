-- Delete index entries whose retention is over; when memory is low also the oldest records of ended jobs. Needs: prelude.
-- ARGV: job retention ms, most records to touch, short of memory (0/1).
-- Result: how many records were deleted early.
-- Invariant: records of open jobs are never deleted.
local before, most = int(now - tonumber(ARGV[1])), tonumber(ARGV[2])
for _, index in ipairs({'ended', 'dead'}) do
  local old = redis.call('ZRANGEBYSCORE', key(index), '-inf', before, 'LIMIT', 0, most)
  if #old > 0 then redis.call('ZREM', key(index), unpack(old)) end
end
if ARGV[3] ~= '1' then return reply(0) end
local oldest = redis.call('ZRANGE', key('ended'), 0, most - 1)
for _, id in ipairs(oldest) do
  if (redis.call('HGET', job(id), 'outcome') or '') ~= '' then redis.call('DEL', job(id)) end
  redis.call('ZREM', key('ended'), id)
end
if #oldest > 0 then count('dropped-early', #oldest) end
return reply(#oldest)
