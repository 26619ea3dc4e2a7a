-- Record, before it is sent, that an answer is about to be sent. Needs: queues.
-- ARGV: id, fence. Result: the record's fields and values without its history; 0 when the lease was lost
-- (then nothing may be sent); or why somebody objects (`banned`, `opted-out`, `owner-opted-out`): then no
-- painting may be sent.
-- Invariant: no answer is sent without an intent on disk; only the end and a known failure clear it.
if not holds(ARGV[1], 'deliver', ARGV[2]) then return reply(0) end
local j = redis.call('HMGET', job(ARGV[1]), 'mark', 'owners', 'pictures', 'intent')
local objects = objection(j[1], j[2])
if objects and (objects ~= 'owner-opted-out' or (j[3] or '') ~= '') then return reply(objects) end
redis.call('HSET', job(ARGV[1]), 'intent', ARGV[2])
local record, flat = redis.call('HGETALL', job(ARGV[1])), {}
for i = 1, #record, 2 do
  if string.sub(record[i], 1, 1) ~= '@' then
    table.insert(flat, record[i])
    table.insert(flat, record[i + 1])
  end
end
return reply(flat)
