"""The exceptions that a platform raises, and what each means for the job; also `StoreError`."""

from __future__ import annotations

from redis.exceptions import RedisError

StoreError = RedisError
"""The ledger's server does not answer or refuses a command. Adapters need not import redis to catch it."""


class UnknownPlatform(Exception):
    """No installed package provides this platform."""


class PlatformPaused(Exception):
    """No call to this platform is possible before `until` (429, outage, spent budget). Costs no attempt."""

    def __init__(
        self, until: float, why: str, *, job_until: float = 0.0, maybe_sent: bool = False
    ) -> None:
        """Set times in seconds since the epoch.

        `job_until`: the job that raised this is postponed until then, so that other jobs go first.
        `maybe_sent`: the answer may already be published; the next attempt begins with `find_answer`.
        """
        super().__init__(f"paused until {until:.0f}: {why}")
        self.until = until
        self.why = why
        self.job_until = job_until
        self.maybe_sent = maybe_sent


class ChatRateLimited(Exception):
    """One chat accepts no message before `until`; other chats do. Costs no attempt."""

    def __init__(self, until: float) -> None:
        super().__init__(f"full until {until:.0f}")
        self.until = until


class TransientError(Exception):
    """The call failed and may succeed later. It is retried for `fault_patience_s` seconds."""


class PhotoUnavailable(Exception):
    """The photo no longer exists on the platform. `reason` is a stable code."""

    def __init__(self, reason: str = "photo-gone") -> None:
        super().__init__(reason)
        self.reason = reason


class Undeliverable(Exception):
    """No answer can be sent to this chat or post any more (blocked, deleted, removed).

    `reason` is a stable code.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
