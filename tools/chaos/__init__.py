"""Chaos tests: kill or restart every process of a bot under load, and count the answers on the platform."""
