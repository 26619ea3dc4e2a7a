"""Runs the ledger's Lua scripts (`lua/`), which are atomic; `Durability` also waits for the server's disk."""

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

from tasks.kv import Batch, Pending

_NEEDS = re.compile(r"Needs: (\w+)\.")

_REFUSES_WHEN_FULL = {"admit"}


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a script, and the wake-ups that the caller must send."""

    result: Any = None
    woken: tuple[str, ...] = ()
    """Queues to which a wake-up is to be sent."""


class Scripts:
    """Runs the scripts under one namespace.

    All except `admit` may write when the server is out of memory: admitted jobs must continue, and
    completing them frees memory.
    """

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._namespace = namespace
        self._loaded: dict[str, Script] = {}

    def run(self, name: str, *args: str | int | float, pipe: Any = None) -> Reply:  # noqa: ANN401 - redis's own
        """Run a script. With `pipe` it is only added to this pipeline; `read` parses the result later."""
        script = self._loaded.get(name) or self._load(name)
        answer = script(keys=[self._namespace], args=list(args), client=pipe)
        return Reply() if pipe is not None else read(answer)

    def add(self, batch: Batch, name: str, *args: str | int) -> Pending:
        """Add a script to a batch of the key-value store; `read` parses the result."""
        return batch.eval(_with_flags(name), self._namespace, *args)

    def _load(self, name: str) -> Script:
        script = self._redis.register_script(_with_flags(name))
        self._loaded[name] = script
        return script


def _with_flags(name: str) -> str:
    flags = "" if name in _REFUSES_WHEN_FULL else " flags=allow-oom"
    return f"#!lua{flags}\n{source(name)}"


def read(answer: list[Any]) -> Reply:
    """Parse the return value of a script."""
    result, woken = answer
    return Reply(result, tuple(woken))


@cache
def source(name: str) -> str:
    """Return the text of a script, preceded by the scripts that its header lists after `Needs:`."""
    body = files("tasks.ledger").joinpath(f"lua/{name}.lua").read_text()
    needed = _NEEDS.search(body)
    return f"{source(needed.group(1))}\n{body}" if needed else body


_log = structlog.get_logger()

_PATIENCE_MS = 5_000


class Durability:
    """Runs scripts and returns after their effect is on disk.

    With `appendfsync always` (the embedded server) the server syncs before it replies. With `everysec`
    each call waits with WAITAOF, up to a second. Without an append-only file a crash of the server
    loses jobs; this is logged once.
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
