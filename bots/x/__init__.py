"""X: mentions, reply threads and direct messages."""
