-- A photo of this person was refused for what it shows; the third time pauses the person.
-- ARGV: platform, person, strikes allowed, pause ms. Result: strikes so far (0 after a pause began).
local who = key('who', ARGV[1], ARGV[2])
local strikes = redis.call('HINCRBY', who, 'strikes', 1)
redis.call('PEXPIRE', who, math.max(90000000, tonumber(ARGV[4])))
if strikes < tonumber(ARGV[3]) then return strikes end
redis.call('HSET', who, 'strikes', '0', 'strikes-until', string.format('%d', now + tonumber(ARGV[4])))
count('paused-people')
return 0
