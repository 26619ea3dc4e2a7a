-- Admit or refuse a request. Two calls with the same event give one job. Needs: position.
-- ARGV: id, platform, person, conversation, private (0/1), request (JSON), event, limits by tier (JSON),
--       queue penalty ms, refusal silence ms, photos in the request, the person's pseudonym, pseudonyms of the
--       photos' owners who are somebody else, job retention ms, only check (1), traceparent (may be empty).
-- Result: {'admitted'|'duplicate', position, wait ms}, {'free'} where only checked,
--         or {'refused', reason, until ms, notify (0/1)}.
-- Invariant: a refusal writes only the time of the last notification and counters. These expire within two
-- minutes, so that a flood of requests cannot fill the memory.
local id, platform, person, conversation, private, mark = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[12]
local only_check = ARGV[15] == '1'
local user, open, chat = key('user', mark), key('open', platform, person), platform .. ':' .. conversation

local function refuse(reason, until_ms)
  count('refused:' .. platform .. ':' .. reason)
  if only_check then return reply({'refused', reason, int(until_ms), 1}) end
  local silence = math.max(1, tonumber(ARGV[10]))
  local say = redis.call('SET', key('notified', mark), '1', 'NX', 'PX', silence) and 1 or 0
  if say == 1 then redis.call('SET', key('refused', id), reason .. ' ' .. int(until_ms), 'PX', 120000) end
  return reply({'refused', reason, int(until_ms), say})
end

if redis.call('EXISTS', job(id)) == 1 then
  local p = position_of(id)
  return reply({'duplicate', p.position, p.wait})
end
local before = redis.call('GET', key('refused', id))
if before then
  local reason, until_ms = string.match(before, '^(%S+) (%d+)$')
  return reply({'refused', reason, until_ms, 0})
end
for _, what in ipairs({'intake', 'intake:' .. platform}) do
  if is_paused(what) then return refuse('paused', number('paused_until', what, '0')) end
end
if redis.call('EXISTS', key('full')) == 1 then return refuse('storage-full', now + 60000) end
if redis.call('SISMEMBER', key('banned'), mark) == 1 then return refuse('banned', 0) end
if redis.call('SISMEMBER', key('optouts'), mark) == 1 then return refuse('opted-out', 0) end

local tier = redis.call('HGET', key('tiers'), platform .. ':' .. person) or ''
local all = cjson.decode(ARGV[8])
local limits, mine = all[tier] or all[''], redis.call('SCARD', open)
local state = redis.call('HMGET', user, 'until', 'day', 'used', 'strikes-until')
local day = math.floor(now / 86400000)
local used = tonumber(state[2]) == day and tonumber(state[3]) or 0
if tonumber(state[4] or '0') > now then return refuse('strikes', tonumber(state[4])) end
if tier ~= 'exempt' then
  local free = tonumber(state[1] or '0')
  if free > now then return refuse('cooldown', free) end
  if used >= limits.daily_quota then return refuse('quota', (day + 1) * 86400000) end
  if mine >= limits.open_per_person then return refuse('too-many-open', now + first_done_ms(open)) end
  if private ~= '1' and number('open_in_chat', chat, '0') >= limits.open_per_conversation then
    return refuse('busy-here', now + 60000)
  end
end
local score, longest = stamp / 1000 + tonumber(ARGV[9]) * mine, limits.max_wait_s * 1000
local p = estimate(score, platform, 'fetch', tonumber(ARGV[11]))
if p.wait > longest then return refuse('too-busy', now + math.max(60000, p.wait - longest / 2)) end

if only_check then return reply({'free'}) end
local rest = math.floor(now + limits.cooldown_s * 1000)
redis.call('HSET', job(id), 'platform', platform, 'person', person, 'conversation', conversation,
  'private', private, 'event', ARGV[7], 'request', ARGV[6], 'score', exact(score), 'admitted', int(now),
  'promised', int(p.wait), 'mark', mark, 'day', day, 'stage', 'fetch', 'lane', platform, event_line('admitted'))
if (ARGV[16] or '') ~= '' then redis.call('HSET', job(id), 'traceparent', ARGV[16]) end
redis.call('SADD', open, id)
if ARGV[13] ~= '' then
  redis.call('HSET', job(id), 'owners', ARGV[13])
  for owner in string.gmatch(ARGV[13], '%S+') do
    redis.call('ZADD', key('shows', owner), now, id)
    redis.call('ZREMRANGEBYSCORE', key('shows', owner), '-inf', now - ARGV[14])
    redis.call('PEXPIRE', key('shows', owner), ARGV[14])
  end
end
redis.call('HSET', user, 'until', int(rest), 'day', day, 'used', used + 1, 'last', id)
redis.call('PEXPIREAT', user, int(math.max((day + 1) * 86400000, rest, tonumber(state[4] or '0'))))
if private ~= '1' then redis.call('HINCRBY', key('open_in_chat'), chat, 1) end
redis.call('HINCRBY', key('unanswered'), platform, 1)
count('admitted:' .. platform)
publish(id, platform, 'admitted')
push(id, 'fetch', platform, exact(score))
return reply({'admitted', p.position, p.wait})
