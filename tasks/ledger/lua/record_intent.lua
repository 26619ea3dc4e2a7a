-- Record that an answer is about to be sent. Needs: queues.
-- ARGV: id, fence. Result: the record's fields and values without its history; 0 if the lease was lost
-- (then nothing may be sent); or the reason of an objection (`banned`, `opted-out`, `owner-opted-out`): then
-- no painting may be sent.
-- Invariant: no answer is sent without an intent on disk; only the job's end or a known failure clears it.
if not holds(ARGV[1], 'deliver', ARGV[2]) then return reply(0) end
local record, j, flat = redis.call('HGETALL', job(ARGV[1])), {}, {}
for i = 1, #record, 2 do
  if string.sub(record[i], 1, 1) ~= '@' then
    j[record[i]] = record[i + 1]
    table.insert(flat, record[i])
    table.insert(flat, record[i + 1])
  end
end
local objects = objection(j.mark, j.owners)
if objects and (objects ~= 'owner-opted-out' or (j.pictures or '') ~= '') then return reply(objects) end
redis.call('HSET', job(ARGV[1]), 'intent', ARGV[2])
return reply(flat)
