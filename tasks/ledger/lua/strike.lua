-- A photo of this person was refused for what it shows; the third time pauses the person. Needs: prelude.
-- ARGV: the person's mark, strikes allowed, pause ms. Result: strikes so far (0 after a pause began).
-- Invariant: strikes outlive the day's quota, but not a pause's length of good conduct.
local user, pause = key('user', ARGV[1]), tonumber(ARGV[3])
local strikes = redis.call('HINCRBY', user, 'strikes', 1)
redis.call('PEXPIRE', user, int(math.max(pause, redis.call('PTTL', user))))
if strikes < tonumber(ARGV[2]) then return reply(strikes) end
redis.call('HSET', user, 'strikes', '0', 'strikes-until', int(now + pause))
count('paused-users')
return reply(0)
