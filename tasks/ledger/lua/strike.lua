-- Count a photo of a person that was refused for its content; the last allowed one pauses the person. Needs: prelude.
-- ARGV: the person's pseudonym, strikes allowed, pause ms. Result: strikes so far (0 when a pause began).
-- Invariant: strikes do not expire with the daily quota; they expire one pause duration after the last one.
local user, pause = key('user', ARGV[1]), tonumber(ARGV[3])
local strikes = redis.call('HINCRBY', user, 'strikes', 1)
redis.call('PEXPIRE', user, int(math.max(pause, redis.call('PTTL', user))))
if strikes < tonumber(ARGV[2]) then return reply(strikes) end
redis.call('HSET', user, 'strikes', '0', 'strikes-until', int(now + pause))
count('paused-users')
return reply(0)
