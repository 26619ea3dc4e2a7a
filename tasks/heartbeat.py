"""Heartbeats: which processes of the bot are alive, on all machines."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError

from tasks.kv import server_time

_log = structlog.get_logger()

_EVERY_S = 5.0

_STALE_S = 16.0
"""Three missed heartbeats: the process is dead or has no connection."""

_SHUTDOWN_TIMEOUT_S = 2.0

# Writes `[server time + stale seconds, since, facts]`.
_ANNOUNCE = """
local t = redis.call('TIME')
local till = string.format('[%.6f, ', t[1] + t[2] / 1000000 + ARGV[2])
redis.call('HSET', KEYS[1], ARGV[1], till .. ARGV[3])
"""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the bot."""

    kind: str
    """`io`, `gpu`, `sweep`, `web`, `telegram`, `x`."""
    name: str
    """Machine and process id."""
    since: float
    """When it started, seconds since the epoch."""
    facts: Mapping[str, str]
    """What it reports about itself, e.g. its engine."""


def process_name() -> str:
    """Return `host:pid`, a readable name of this process for a job's history."""
    return f"{socket.gethostname()}:{os.getpid()}"


def unique_process_name() -> str:
    """Return `host:pid:random`, because containers reuse host names and process ids."""
    return f"{process_name()}:{secrets.token_hex(2)}"


class Heartbeats:
    """The list of live processes in the ledger's store."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._key = f"{namespace}:presence"

    def announce(self, process: Process, stale_s: float = _STALE_S) -> None:
        """Record that a process is alive; it is listed for `stale_s`."""
        facts = json.dumps([process.since, dict(process.facts)])[1:]
        field = f"{process.kind} {process.name}"
        self._redis.eval(_ANNOUNCE, 1, self._key, field, str(stale_s), facts)

    def leave(self, process: Process) -> None:
        """Take a process off the list."""
        self._redis.hdel(self._key, f"{process.kind} {process.name}")

    def alive(self) -> tuple[Process, ...]:
        """Return the live processes by kind and name; stale ones are removed."""
        now, alive, stale = server_time(self._redis), [], []
        listed: Any = self._redis.hgetall(self._key)
        for key, line in listed.items():
            until, since, facts = json.loads(line)
            kind, _, name = key.partition(" ")
            if until < now:
                stale.append(key)
            else:
                alive.append(Process(kind, name, float(since), facts))
        if stale:
            self._redis.hdel(self._key, *stale)
        return tuple(sorted(alive, key=lambda process: (process.kind, process.name)))


@contextmanager
def heartbeat(
    presence: Heartbeats, kind: str, facts: Callable[[], Mapping[str, str]] = dict
) -> Iterator[None]:
    """Announce this process while the block runs, and take it off the list afterwards."""
    since, stop = time.time(), threading.Event()

    def run() -> None:
        while True:
            _send(lambda: presence.announce(Process(kind, process_name(), since, facts())))
            if stop.wait(_EVERY_S):
                break
        _send(lambda: presence.leave(Process(kind, process_name(), since, {})))

    thread = threading.Thread(target=run, name="presence", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_SHUTDOWN_TIMEOUT_S)


def _send(call: Callable[[], None]) -> None:
    try:
        call()
    except RedisError as error:
        _log.warning("heartbeat_not_sent", error=str(error), action="retry")
