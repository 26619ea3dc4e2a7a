-- Put a job whose record cannot be read onto the dead list. Needs: failures.
-- ARGV: id, reason, job retention ms. Result: 1.
-- Invariant: it is in no queue, lease or count afterwards; what can be read of it stays.
move_to_dead(ARGV[1], ARGV[2], ARGV[3])
return reply(1)
