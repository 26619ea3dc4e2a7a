"""A bot under fire: everything is killed or restarted, and others' books say what came of it."""
