"""What the X adapter stores: answers and their jobs, handled events, notices to the operator."""

from __future__ import annotations

import json
from collections.abc import Iterable

import structlog
from pydantic import BaseModel

from tasks.kv import KeyValueStore

DAY_S = 86_400.0

_ANSWERS_PER_OWNER = 50

# Longer than reading can lag behind; the ledger itself keeps its jobs for two weeks.
_HANDLED_S = 2 * DAY_S


_log = structlog.get_logger()


class Memory:
    """Answers, owners and handled events, shared by the listener, the web process and the workers."""

    def __init__(self, store: KeyValueStore, keep_s: float) -> None:
        self._store = store
        self._keep_s = keep_s

    def answered(self, answer: str, job_id: str, owners: Iterable[str]) -> None:
        """Store that this post answers that job, and whose photos it shows."""
        self._store.put(f"answer:{answer}", job_id, self._keep_s)
        for owner in set(owners):
            self._add(owner, answer)

    def job_of(self, answer: str) -> str | None:
        """Return the job that one of the bot's own posts answers."""
        return self._store.get(f"answer:{answer}")

    def answers_showing(self, owner: str) -> tuple[str, ...]:
        """Return the posts that show photos of this person."""
        return tuple(json.loads(self._store.get(f"owner:{owner}") or "[]"))

    def forget(self, person: str, answers: Iterable[str]) -> None:
        """Delete what is stored about these answers and this person."""
        names = [f"answer:{answer}" for answer in answers]
        self._store.delete(f"owner:{person}", f"refused:{person}", *names)

    def is_handled(self, event: str) -> bool:
        """Return whether this event was completely handled before."""
        return self._store.get(f"handled:{event}") is not None

    def handled(self, event: str) -> None:
        """Store that this event is completely handled."""
        self._store.put(f"handled:{event}", "1", _HANDLED_S)

    def was_refused_today(self, person: str) -> bool:
        """Return whether this person had today's one refusal."""
        return self._store.get(f"refused:{person}") is not None

    def claim_daily_refusal(self, person: str) -> bool:
        """Claim today's one refusal for this person; True once a day."""
        return self._store.set_if_absent(
            f"refused:{person}", "1", DAY_S, person.removeprefix("dm:")
        )

    def answers_in_thread(self, conversation: str) -> int:
        """Return how many requests of one person in one thread were accepted today."""
        return int(self._store.get(f"turns:{conversation}") or 0)

    def count_answer(self, conversation: str, person: str) -> None:
        """Count one more request of this person in this thread."""
        self._store.increment(f"turns:{conversation}", 1, DAY_S, person)

    def _add(self, owner: str, answer: str) -> None:
        key = f"owner:{owner}"
        while True:
            old = self._store.get(key)
            kept = [each for each in json.loads(old or "[]") if each != answer]
            new = json.dumps([answer, *kept][:_ANSWERS_PER_OWNER])
            if self._store.compare_and_set(key, old, new, owner):
                return


_NOTICE_KEY = "notice"
_NOTICE_KEPT_S = 7 * DAY_S


def notify_operator(store: KeyValueStore, trouble: str) -> None:
    """Store a notice for `suisai doctor` until it is cleared; log it if it is new."""
    if store.get(_NOTICE_KEY) != trouble:
        _log.error("x_needs_operator", trouble=trouble, action="retry")
    store.put(_NOTICE_KEY, trouble, _NOTICE_KEPT_S)


def clear_notice(store: KeyValueStore) -> None:
    """Delete the notice: X works again."""
    if store.get(_NOTICE_KEY) is not None:
        store.delete(_NOTICE_KEY)
        _log.info("x_works_again")


def notice(store: KeyValueStore) -> str | None:
    """Return the stored notice to the operator, None if there is none."""
    return store.get(_NOTICE_KEY)


class ReadingState(BaseModel):
    """The state of reading one list, shown by `suisai doctor`."""

    succeeded_at: float = 0.0
    """Seconds since the epoch; 0: never."""
    failures: int = 0
    """In a row."""
    detail: str = ""
    """What X said at the last failure."""

    @classmethod
    def load(cls, store: KeyValueStore, name: str) -> ReadingState:
        """Return what was stored of `mentions` or `messages`."""
        stored = store.get(f"reading:{name}")
        return cls.model_validate_json(stored) if stored else cls()

    def save(self, store: KeyValueStore, name: str) -> None:
        """Store it for all processes."""
        store.put(f"reading:{name}", self.model_dump_json())
