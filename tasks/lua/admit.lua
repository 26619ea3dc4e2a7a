-- Take an ask in, or say why not. Atomic: two messengers with the same event get one job.
-- ARGV: id, platform, person, conversation, private (0/1), ask (JSON), event, limits by tier (JSON),
--       queue penalty ms, refusal silence ms, brownout above ms, below ms, photos in the ask, opt-out mark.
-- Result: {'admitted'|'again', position, wait ms, wake} or {'refused', reason, until ms, say}.
-- Invariant: a refusal changes nothing but what the person was told and the counts.
local id, platform, person, conversation, private = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local who, open = key('who', platform, person), key('open', platform, person)

local function refuse(reason, until_ms)
  count('refused:' .. platform .. ':' .. reason)
  local told = tonumber(redis.call('HGET', who, 'told') or '0')
  local say = now - told >= tonumber(ARGV[10])
  if say then
    redis.call('HSET', who, 'told', string.format('%d', now))
    redis.call('PEXPIRE', who, 90000000)
    redis.call('SET', key('refused', id), reason, 'PX', 600000)
  end
  return {'refused', reason, string.format('%d', until_ms), say and 1 or 0}
end

if redis.call('EXISTS', job(id)) == 1 then
  local p = place(id)
  return {'again', p.position, p.wait, 0}
end
local before = redis.call('GET', key('refused', id))
if before then return {'refused', before, '0', 0} end
local paused = redis.call('HGET', key('paused'), 'intake') or redis.call('HGET', key('paused'), 'intake:' .. platform)
if is_paused('intake') or is_paused('intake:' .. platform) then return refuse('paused', tonumber(paused)) end
if redis.call('SISMEMBER', key('banned'), platform .. ':' .. person) == 1 then return refuse('banned', 0) end
if redis.call('SISMEMBER', key('optouts'), ARGV[14]) == 1 then return refuse('opted-out', 0) end

local tier = redis.call('HGET', key('tiers'), platform .. ':' .. person) or ''
local all = cjson.decode(ARGV[8])
local limits = all[tier] or all['']
local mine = redis.call('SCARD', open)
local state = redis.call('HMGET', who, 'until', 'day', 'used', 'strikes-until')
local day = math.floor(now / 86400000)
local used = tonumber(state[2]) == day and tonumber(state[3]) or 0
if tonumber(state[4] or '0') > now then return refuse('strikes', tonumber(state[4])) end
if tier ~= 'exempt' then
  local free = tonumber(state[1] or '0')
  if free > now then return refuse('cooldown', free) end
  if used >= limits.daily_quota then return refuse('quota', (day + 1) * 86400000) end
  if mine >= limits.open_per_person then return refuse('too-many-open', now + estimate_first(open)) end
  if private ~= '1' and tonumber(redis.call('GET', key('here', platform, conversation)) or '0') >= limits.open_per_conversation then
    return refuse('busy-here', now + 60000)
  end
end

local score = now + tonumber(ARGV[9]) * mine
local p = foresee(score, platform, 'fetch', tonumber(ARGV[13]))
local longest = limits.max_wait_s * 1000
climb(p.wait, longest, tonumber(ARGV[11]), tonumber(ARGV[12]))
if p.wait > longest then return refuse('too-busy', now + math.max(60000, p.wait - longest / 2)) end

redis.call('HSET', job(id), 'platform', platform, 'person', person, 'conversation', conversation,
  'private', private, 'event', ARGV[7], 'ask', ARGV[6], 'score', string.format('%d', score),
  'admitted', string.format('%d', now), 'told', string.format('%d', p.wait))
redis.call('SADD', open, id)
redis.call('HSET', who, 'until', string.format('%d', now + limits.cooldown_s * 1000), 'day', day, 'used', used + 1)
redis.call('PEXPIRE', who, 90000000)
if private ~= '1' then redis.call('INCR', key('here', platform, conversation)) end
count('admitted:' .. platform)
tell(id, 'admitted')
return {'admitted', p.position, p.wait, enqueue(id, 'fetch', platform)}
