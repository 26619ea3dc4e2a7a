-- Helpers that precede every ledger script. KEYS[1] is the namespace.
--
-- job:<id>                hash, the record            ready:<stage>:<lane>  zset id -> fair score
-- lanes:<stage>           set of lanes with jobs      leases:<stage>        zset id -> expiry
-- delayed                 zset id -> due              open:<person>         set of a person's open jobs
-- user:<pseudonym>        hash, cooldown and quota    past:<person>         zset a person's ended id -> time
-- claims:<worker>         set of jobs it holds        wake:<queue>          a wake-up was sent
-- painters, draining      see routing.lua
-- open_in_chat            hash conversation -> open   unanswered            hash platform -> open jobs
-- painted:<key>           '=engine pictures', '@leader' or '!refund reason' of one painting
-- waiters:<key>           set of jobs waiting for it  serving               set of keys whose waiters are due
-- ended, dead             zset id -> time             deletions             list of blob keys to delete
-- shows:<pseudonym>       zset id -> time: jobs with photos of an owner who is not their person
-- retractions             hash 'platform receipt' -> 'due requested': answers to delete on their platform
-- counts                  hash, counters              recent                list of public jobs, last answered
-- shares:<stage>          hash platform -> photos claimed so far, see claim.lua
-- Times are integers, milliseconds since the epoch, by the server's clock.
local ns = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stamp = time[1] * 1000000 + tonumber(time[2])
local woken = {}

local function key(...) return ns .. ':' .. table.concat({...}, ':') end
local function job(id) return ns .. ':job:' .. id end
local function int(number) return string.format('%d', number) end
-- Scores keep microseconds, so that two requests of one millisecond have an order.
local function exact(score) return string.format('%.3f', score) end
local function count(what, n) redis.call('HINCRBY', key('counts'), what, n or 1) end
local function is_record(id) return redis.call('TYPE', job(id)).ok == 'hash' end
local function get(id, field) return redis.call('HGET', job(id), field) end

-- The return value of every script: its result, and the queues to which the caller must send a wake-up.
local function reply(result) return {result, woken} end

-- A line of a job's history is a field of its record: '@' and the time in microseconds (unique), then the
-- event. So a transition writes its own line only.
local function event_line(event, detail)
  stamp = stamp + 1
  local words = detail and string.gsub(string.sub(detail, 1, 120), '%s+', ' ') or ''
  return '@' .. int(stamp), event .. (words ~= '' and (' ' .. words) or '')
end

-- A long history is cut in its middle, so that the record keeps its compact encoding.
local function trim_history(id)
  local lines = {}
  for _, field in ipairs(redis.call('HKEYS', job(id))) do
    if string.sub(field, 1, 1) == '@' then table.insert(lines, field) end
  end
  if #lines < 60 then return end
  table.sort(lines)
  redis.call('HDEL', job(id), unpack(lines, 20, #lines - 20))
  redis.call('HSET', job(id), event_line('shortened'))
end

local function publish(id, platform, event) redis.call('PUBLISH', key('updates'), id .. ' ' .. platform .. ' ' .. event) end

-- Add a line to the history and publish it.
local function record_event(id, event, detail)
  redis.call('HSET', job(id), event_line(event, detail))
  publish(id, get(id, 'platform') or '-', event)
end

-- The same for an event that a job can have any number of times.
local function record_repeated(id, event, detail)
  record_event(id, event, detail)
  if redis.call('HLEN', job(id)) > 100 then trim_history(id) end
end

-- Request one wake-up through a queue: a stage, for `render` also a stage and an engine or model (see
-- routing.lua); new jobs share it until a worker has received it.
local function wake(queue)
  if redis.call('SET', key('wake', queue), '1', 'NX', 'PX', 2000) then table.insert(woken, queue) end
end

-- Whether a stage is paused by the operator, or until a time that the platform demanded.
local function is_paused(what)
  if redis.call('HEXISTS', key('paused'), what) == 1 then return true end
  local rest = redis.call('HGET', key('paused_until'), what)
  return rest and tonumber(rest) > now
end
