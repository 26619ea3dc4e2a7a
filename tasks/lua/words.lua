-- The words that all ledger scripts share; stands before each of them. KEYS[1] is the namespace.
--
-- job:<id>                hash, the record            ready:<stage>:<lane>  zset id -> fair score
-- lanes:<stage>           set of lanes with jobs      leases:<stage>        zset id -> expiry
-- later                   zset id -> due              open:<who>            set of a person's open jobs
-- who:<mark>              hash, cooldown and quota    past:<who>            zset a person's ended id -> time
-- here                    hash conversation -> open   unsent                hash platform -> open jobs
-- painted:<key>           '=pictures', '@leader' or '!refund reason' of one painting
-- waiters:<key>           set of jobs waiting for it  settling              set of keys whose waiters are due
-- ended, dead             zset id -> time             rubbish               list of blob keys to delete
-- counts                  hash, what happened so far  recent                list of public jobs, last answered
-- Times are integers, milliseconds since the epoch, by the server's clock.
local ns = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local woken = {}

local function key(...) return ns .. ':' .. table.concat({...}, ':') end
local function job(id) return ns .. ':job:' .. id end
local function int(number) return string.format('%d', number) end
local function count(what, n) redis.call('HINCRBY', key('counts'), what, n or 1) end
local function get(id, field) return redis.call('HGET', job(id), field) end

-- What every script returns: its result, and the stages for which a wake-up is to be sent.
local function reply(result) return {result, woken} end

-- Add a line to the story and let listeners know. A story that grows too long loses its middle.
local function tell(id, event, detail)
  local known = redis.call('HMGET', job(id), 'story', 'platform')
  local words = detail and string.gsub(string.sub(detail, 1, 120), '%s+', ' ') or ''
  local line = int(now) .. ' ' .. event .. (words ~= '' and (' ' .. words) or '')
  local story = known[1]
  if story and #story > 3800 then
    story = string.match(string.sub(story, 1, 1000), '^(.*)\n') .. '\n' .. int(now) .. ' shortened'
  end
  redis.call('HSET', job(id), 'story', story and (story .. '\n' .. line) or line)
  redis.call('PUBLISH', key('news'), id .. ' ' .. (known[2] or '-') .. ' ' .. event)
end

-- Ask for one wake-up of a stage; many new jobs share one, until a worker has heard it.
local function wake(stage)
  if redis.call('SET', key('wake', stage), '1', 'NX', 'PX', 2000) then table.insert(woken, stage) end
end

-- Paused by the operator, or resting because the platform said 'not now'.
local function is_paused(what)
  if redis.call('HEXISTS', key('paused'), what) == 1 then return true end
  local rest = redis.call('HGET', key('resting'), what)
  return rest and tonumber(rest) > now
end
