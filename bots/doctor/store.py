"""Checks the ledger's Valkey: version, durability, eviction, memory, latency, clock."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bots.findings import Finding, failure, passed, warning
from tasks.errors import StoreError
from tasks.services import redis_url
from tasks.settings import Settings

_OLDEST = (7, 2)
_PINGS = 20
_MIB = 1 << 20
Info = Mapping[str, str | int | float]


def open_briefly(settings: Settings) -> Redis:
    """Return a client without retries."""
    return Redis.from_url(
        redis_url(settings),
        retry=Retry(NoBackoff(), 0),
        socket_timeout=2,
        socket_connect_timeout=2,
    )


def check_reach(redis: Redis, settings: Settings) -> Finding | None:
    """Return a finding if the server cannot be reached; None if it answers."""
    try:
        redis.ping()
    except (StoreError, OSError) as error:
        if settings.redis_url is None:
            return warning("Valkey", "the embedded one is not running", "suisai up")
        return failure(
            "Valkey",
            f"the server at SUISAI_REDIS_URL does not answer ({error})",
            "start it, or correct host, user and password in SUISAI_REDIS_URL",
        )
    return None


def check_store(redis: Redis, *, started: bool = False) -> Iterator[Finding]:
    """Check a reachable server. `started`: it was started only for these checks."""
    info: Info = redis.info()
    yield _version(info, started)
    yield _durability(redis, info)
    yield _eviction(info)
    yield _memory(info)
    yield _latency(redis)
    yield _clock(redis)


def _version(info: Info, started: bool) -> Finding:
    name = "Valkey" if "valkey_version" in info else "Redis"
    words = str(info.get("valkey_version") or info["redis_version"])
    if tuple(int(part) for part in words.split(".")[:2]) < _OLDEST:
        return failure("Valkey", f"{name} {words} is too old", "upgrade to Valkey 8 or Redis 7.2")
    how = "starts on this machine" if started else "answers"
    return passed("Valkey", f"{name} {words} {how}")


def _durability(redis: Redis, info: Info) -> Finding:
    if not info.get("aof_enabled"):
        return failure(
            "append-only file",
            "off: a restart of the server would forget accepted photos",
            "valkey-cli config set appendonly yes && valkey-cli config rewrite",
        )
    try:
        policy = redis.config_get("appendfsync").get("appendfsync", "")
    except StoreError:
        policy = ""
    if policy == "always":
        return passed("append-only file", "on, synced before every answer")
    return warning(
        "append-only file",
        f"on, synced {policy or 'as the provider decides'}: a power cut loses the last second",
        "valkey-cli config set appendfsync always && valkey-cli config rewrite",
    )


def _eviction(info: Info) -> Finding:
    policy = info.get("maxmemory_policy")
    if policy == "noeviction":
        return passed("eviction", "never")
    return failure(
        "eviction",
        f"{policy}: the server may evict jobs",
        "valkey-cli config set maxmemory-policy noeviction && valkey-cli config rewrite",
    )


def _memory(info: Info) -> Finding:
    used = int(info["used_memory"])
    limit = int(info.get("maxmemory", 0)) or int(info.get("total_system_memory", 0)) or used * 100
    says = f"{used / _MIB:.0f} of {limit / _MIB:.0f} MiB"
    mend = "give the server more memory, or shorten SUISAI_JOB_RETENTION_S"
    if used > 0.95 * limit:
        return failure("memory", says, mend)
    return warning("memory", says, mend) if used > 0.8 * limit else passed("memory", says)


def _latency(redis: Redis) -> Finding:
    times = []
    for _ in range(_PINGS):
        began = time.perf_counter()
        redis.ping()
        times.append(time.perf_counter() - began)
    median_ms = statistics.median(times) * 1000
    says = f"{median_ms:.1f} ms round trip"
    if median_ms > 20:
        return warning("latency", says, "run the bot's processes near their Valkey")
    return passed("latency", says)


def _clock(redis: Redis) -> Finding:
    before = time.time()
    seconds, micros = redis.time()
    skew_s = (before + time.time()) / 2 - (float(seconds) + float(micros) / 1e6)
    says = f"{abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} the ledger's"
    if abs(skew_s) > 5:
        return warning("clock", says, "timedatectl set-ntp true")
    return passed("clock", says)
