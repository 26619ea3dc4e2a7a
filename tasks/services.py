"""The services that a process of the bot uses: ledger, blob store, key-value stores, rate limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import SecretStr
from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tasks.blobs import BlobStore
from tasks.controls import Controls
from tasks.heartbeat import Heartbeats
from tasks.kv import KeyValueStore
from tasks.ledger.ledger import Ledger, Wake
from tasks.rate_limit import Holds, RateLimiter
from tasks.reach import RedisUnavailable as RedisUnavailable
from tasks.reach import embedded_folder, unreachable
from tasks.retractions import Retractions
from tasks.routing import Routing
from tasks.settings import Settings
from tasks.telemetry.tracing import Tracing
from tasks.users import Users
from tasks.valkey import EmbeddedValkey


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one process, created once by `open_services`."""

    settings: Settings
    redis: Redis
    ledger: Ledger
    blobs: BlobStore
    users: Users
    controls: Controls
    heartbeats: Heartbeats
    routing: Routing
    retractions: Retractions
    tracing: Tracing

    def kv(self, name: str) -> KeyValueStore:
        """Return the key-value store of one platform."""
        return KeyValueStore(self.redis, f"{self.settings.namespace}:notes:{name}")

    def rate_limiter(self, name: str) -> RateLimiter:
        """Return the rate limiter of one platform."""
        return RateLimiter(self.redis, f"{self.settings.namespace}:notes:{name}", self.holds, name)

    @property
    def holds(self) -> Holds:
        """The holds of all platforms."""
        return Holds(self.redis, self.settings.namespace)


RETRIES = 20
"""Retries of one call to the server: about 15 s in total, enough for a restart of the server."""


def redis_url(settings: Settings) -> str:
    """Return the URL of the ledger's server: the configured one, or the embedded server."""
    if settings.redis_url is not None:
        return _with_password(settings.redis_url, settings.redis_password)
    return embedded_valkey(settings).url


def _with_password(address: SecretStr, password: SecretStr | None) -> str:
    url = address.get_secret_value()
    parts = urlsplit(url)
    if password is None or parts.password is not None:
        return url
    host = parts.netloc.rpartition("@")[2]
    login = f"{parts.username or ''}:{quote(password.get_secret_value(), safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{host}"))


def embedded_valkey(settings: Settings) -> EmbeddedValkey:
    """Return the embedded server of the data folder, running or not."""
    return EmbeddedValkey(embedded_folder(settings), settings.valkey_memory_mb)


def connect(settings: Settings, retries: int = RETRIES, timeout_s: float = 10.0) -> Redis:
    """Return a client that retries failed calls, by default long enough for a restart of the server."""
    return Redis.from_url(
        redis_url(settings),
        retry=Retry(ExponentialWithJitterBackoff(base=0.02, cap=1.0), retries=retries),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
        socket_timeout=timeout_s,
        socket_connect_timeout=min(timeout_s, 5.0),
        health_check_interval=30,
        decode_responses=True,
        # Invalid UTF-8 in a record is detected when the record is parsed, not here.
        encoding_errors="surrogateescape",
    )


def check_store(settings: Settings) -> None:
    """Send one PING to the ledger's server, with timeouts of 1 s. Raises `RedisUnavailable`."""
    try:
        with connect(settings, retries=0, timeout_s=1.0) as redis:
            redis.ping()
    except RedisError as error:
        raise unreachable(settings, str(error)) from error


def open_services(settings: Settings, wake: Wake, tracing: Tracing | None = None) -> Services:
    """Create all services and check the ledger; without `tracing` the global OpenTelemetry provider is used.

    Raises `RedisUnavailable`, `SchemaMismatch`, `KeyMismatch`.
    """
    redis = connect(settings)
    tracing = tracing or Tracing()
    ledger = Ledger(redis, settings, wake, tracing)
    try:
        ledger.check_schema()
    except RedisError as error:
        raise unreachable(settings, str(error)) from error
    blobs = BlobStore.open(settings.blob_url, Path(settings.data_dir) / "blobs")
    return Services(
        settings=settings,
        redis=redis,
        ledger=ledger,
        blobs=blobs,
        users=Users(redis, settings, blobs),
        controls=Controls(redis, settings.namespace),
        heartbeats=Heartbeats(redis, settings.namespace),
        routing=Routing(redis, settings.namespace),
        retractions=Retractions(redis, settings.namespace),
        tracing=tracing,
    )
