"""What a platform may raise and what each error means for the job, and what the store raises."""

from __future__ import annotations

from redis.exceptions import RedisError

StoreError = RedisError
"""The store behind the ledger does not answer, or refuses. Adapters catch it without knowing the store."""


class UnknownPlatform(Exception):
    """No installed package provides this platform."""


class PlatformPaused(Exception):
    """The whole bot must wait (429, outage, spent budget). Costs no attempt."""

    def __init__(
        self, until: float, why: str, *, job_until: float = 0.0, maybe_sent: bool = False
    ) -> None:
        """`job_until`: the job that met this waits longer than the others, lest each try meet it first.

        `maybe_sent`: the answer may stand already; the next try begins with `find_answer`.
        """
        super().__init__(f"paused until {until:.0f}: {why}")
        self.until = until
        self.why = why
        self.job_until = job_until
        self.maybe_sent = maybe_sent


class ChatRateLimited(Exception):
    """One chat takes no message before `until`; others do. Costs no attempt."""

    def __init__(self, until: float) -> None:
        super().__init__(f"full until {until:.0f}")
        self.until = until


class TransientError(Exception):
    """The call failed and may succeed later. Retried for `fault_patience_s`, not a number of times."""


class PhotoUnavailable(Exception):
    """The platform does not have the photo any more. `reason` is a stable code."""

    def __init__(self, reason: str = "photo-gone") -> None:
        super().__init__(reason)
        self.reason = reason


class Undeliverable(Exception):
    """No answer can be sent there any more (blocked, deleted, kicked). `reason` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
