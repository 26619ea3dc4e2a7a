"""Runs the ledger's Lua scripts (`lua/`), each atomic on the server, and waits for its disk where it must."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import structlog
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

_NEEDS = re.compile(r"Needs: (\w+)\.")

_REFUSES_WHEN_FULL = {"admit"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a script returned, and what its caller must do."""

    result: Any = None
    woken: tuple[str, ...] = ()
    """Queues to which a wake-up is to be sent."""


class Scripts:
    """Runs the scripts under one namespace.

    All but `admit` may write when the server is out of memory: admitted jobs must go on, and ending
    them frees memory.
    """

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._namespace = namespace
        self._loaded: dict[str, Script] = {}

    def run(self, name: str, *args: str | int | float, pipe: Any = None) -> Reply:  # noqa: ANN401 - redis's own
        """Run a script. With `pipe` it is only queued there; `read` parses the result."""
        script = self._loaded.get(name) or self._load(name)
        answer = script(keys=[self._namespace], args=list(args), client=pipe)
        return Reply() if pipe is not None else read(answer)

    def _load(self, name: str) -> Script:
        flags = "" if name in _REFUSES_WHEN_FULL else " flags=allow-oom"
        script = self._redis.register_script(f"#!lua{flags}\n{source(name)}")
        self._loaded[name] = script
        return script


def read(answer: list[Any]) -> Reply:
    """Parse what a script returned."""
    result, woken = answer
    return Reply(result, tuple(woken))


@cache
def source(name: str) -> str:
    """Return a script, preceded by what its header names after `Needs:`."""
    body = files("tasks.ledger").joinpath(f"lua/{name}.lua").read_text()
    needed = _NEEDS.search(body)
    return f"{source(needed.group(1))}\n{body}" if needed else body


_log = structlog.get_logger()

_PATIENCE_MS = 5_000


class Durability:
    """Runs scripts whose effect is on disk when they return.

    With `appendfsync always` (the embedded server) the server itself waits before it answers. With
    `everysec` each such call asks it to (WAITAOF, up to a second). Without an append-only file there
    is nothing to wait for: a crash of the server loses jobs, and the log says so once.
    """

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts
        self._lock = threading.Lock()
        self._must_wait: bool | None = None

    def run(self, name: str, *args: str | int | float) -> Reply:
        """Run a script as `Scripts.run` does. Raises `TimeoutError` of redis if the disk is too slow."""
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
                self._must_wait = self._detect_fsync_policy()
            return self._must_wait

    def _detect_fsync_policy(self) -> bool:
        if not self._redis.info("persistence").get("aof_enabled"):
            _log.warning("no_append_only_file", consequence="a crash of the server loses jobs")
            return False
        try:
            policy = self._redis.config_get("appendfsync").get("appendfsync", "")
        except RedisError:
            policy = ""  # hosted servers often forbid CONFIG
        return bool(policy != "always")
