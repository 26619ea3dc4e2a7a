"""A viral surge, rehearsed against a running bot before strangers bring a real one."""
