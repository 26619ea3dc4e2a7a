-- Add a job whose record cannot be read to the dead list. Needs: failures.
-- ARGV: id, reason, job retention ms. Result: 1.
-- Invariant: it is in no queue, lease or count afterwards; the readable fields of its record are kept.
move_to_dead(ARGV[1], ARGV[2], ARGV[3])
return reply(1)
