"""Makes sure that what must survive a crash of the server is on its disk before anybody is told."""

from __future__ import annotations

import threading

import structlog
from redis import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tasks.scripts import Reply, Scripts, read

_log = structlog.get_logger()

_PATIENCE_MS = 5_000


class Durability:
    """Runs scripts whose effect is on disk when they return.

    With `appendfsync always` (the embedded server) the server itself waits before it answers. With
    `everysec` each such call asks it to (WAITAOF, up to a second). Without an append-only file there
    is nothing to wait for: promise 1 then ends with the server's memory, and the log says so once.
    """

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts
        self._lock = threading.Lock()
        self._must_wait: bool | None = None

    def run(self, name: str, *args: str | int | float) -> Reply:
        """Run a script as `Scripts.run` does. Raises `TimeoutError` of redis when the disk is too slow."""
        if not self._waits():
            return self._scripts.run(name, *args)
        pipe = self._redis.pipeline(transaction=False)
        self._scripts.run(name, *args, pipe=pipe)
        pipe.execute_command("WAITAOF", 1, 0, _PATIENCE_MS)
        answer, (on_disk, _) = pipe.execute()
        if on_disk < 1:
            raise RedisTimeoutError(f"not on the server's disk within {_PATIENCE_MS} ms")
        return read(answer)

    def _waits(self) -> bool:
        with self._lock:
            if self._must_wait is None:
                self._must_wait = self._look()
            return self._must_wait

    def _look(self) -> bool:
        if not self._redis.info("persistence").get("aof_enabled"):
            _log.warning("the ledger's server keeps no append-only file, what it forgets is lost")
            return False
        try:
            policy = self._redis.config_get("appendfsync").get("appendfsync", "")
        except RedisError:
            policy = ""  # hosted servers often forbid CONFIG
        return bool(policy != "always")
