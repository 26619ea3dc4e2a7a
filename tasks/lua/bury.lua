-- Put a job that nobody can work on (a record that cannot be read) onto the dead list.
-- ARGV: id, reason, job retention ms. Result: 1.
-- Invariant: it is in no queue and under no lease afterwards; what can be read of it stays.
local id = ARGV[1]
for _, stage in ipairs({'fetch', 'render', 'deliver'}) do redis.call('ZREM', key('leases', stage), id) end
redis.call('ZREM', key('later'), id)
redis.call('ZADD', key('dead'), now, id)
redis.call('HSET', job(id), 'stage', '', 'outcome', 'undeliverable', 'reason', ARGV[2])
redis.call('PEXPIRE', job(id), ARGV[3])
count('dead')
tell(id, 'buried', ARGV[2])
return 1
