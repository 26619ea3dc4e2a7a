-- Write down, before it is sent, that an answer is about to be sent. Needs: queues.
-- ARGV: id, fence. Result: 1, or 0 when the lease was lost (then nothing may be sent).
-- Invariant: no answer is sent without an intent on disk; only the end and a known failure clear it.
if not holds(ARGV[1], 'deliver', ARGV[2]) then return reply(0) end
redis.call('HSET', job(ARGV[1]), 'intent', ARGV[2])
return reply(1)
