"""What the X adapter remembers between events: whose answer is whose, what was said, what was seen.

Tells the operator what only the operator can mend: in the log, and in `suisai doctor`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import structlog

from tasks.kv import KeyValueStore

DAY_S = 86_400.0

_ANSWERS_PER_OWNER = 50

# Longer than any look can lag behind; the ledger itself knows its jobs for two weeks.
_HANDLED_S = 2 * DAY_S


class Memory:
    """Small durable notes, shared by the listening process, the web process and the workers."""

    def __init__(self, notebook: KeyValueStore, keep_s: float) -> None:
        self._notebook = notebook
        self._keep_s = keep_s

    def answered(self, answer: str, job_id: str, owners: Iterable[str]) -> None:
        """Remember that this post answers that job, and whose photos it shows."""
        self._notebook.put(f"answer:{answer}", job_id, self._keep_s)
        for owner in set(owners):
            self._add(owner, answer)

    def job_of(self, answer: str) -> str | None:
        """Return the job that one of the bot's own posts answers."""
        return self._notebook.get(f"answer:{answer}")

    def answers_showing(self, owner: str) -> tuple[str, ...]:
        """Return the posts that show photos of this person."""
        return tuple(json.loads(self._notebook.get(f"owner:{owner}") or "[]"))

    def forget(self, person: str, answers: Iterable[str]) -> None:
        """Forget these answers and what was noted about the person."""
        names = [f"answer:{answer}" for answer in answers]
        self._notebook.delete(f"owner:{person}", f"told:{person}", *names)

    def is_handled(self, event: str) -> bool:
        """Tell whether this event was dealt with, to its end, before."""
        return self._notebook.get(f"handled:{event}") is not None

    def handled(self, event: str) -> None:
        """Remember that nothing is left to do about this event."""
        self._notebook.put(f"handled:{event}", "1", _HANDLED_S)

    def was_told(self, person: str) -> bool:
        """Tell whether this person had today's one refusal."""
        return self._notebook.get(f"told:{person}") is not None

    def may_tell(self, person: str) -> bool:
        """Claim today's one refusal for this person; True once a day."""
        return self._notebook.set_if_absent(
            f"told:{person}", "1", DAY_S, person.removeprefix("dm:")
        )

    def turns(self, conversation: str) -> int:
        """Return how many asks of one person in one thread were taken today."""
        return int(self._notebook.get(f"turns:{conversation}") or 0)

    def took_turn(self, conversation: str, person: str) -> None:
        """Count one more ask of this person in this thread."""
        self._notebook.increment(f"turns:{conversation}", 1, DAY_S, person)

    def _add(self, owner: str, answer: str) -> None:
        key = f"owner:{owner}"
        while True:
            old = self._notebook.get(key)
            kept = [each for each in json.loads(old or "[]") if each != answer]
            new = json.dumps([answer, *kept][:_ANSWERS_PER_OWNER])
            if self._notebook.compare_and_set(key, old, new, owner):
                return


_KEY = "notice"

_KEPT_S = 7 * 86_400.0

_log = structlog.get_logger()


def notify(notebook: KeyValueStore, trouble: str) -> None:
    """Keep a notice until it is cleared; logged loudly when it is new."""
    if notebook.get(_KEY) != trouble:
        _log.error("X waits for the operator, trying again meanwhile", trouble=trouble)
    notebook.put(_KEY, trouble, _KEPT_S)


def clear(notebook: KeyValueStore) -> None:
    """X works again."""
    if notebook.get(_KEY) is not None:
        notebook.delete(_KEY)
        _log.info("X works again")


def notice(notebook: KeyValueStore) -> str | None:
    """Return what the operator should know, None where all is well."""
    return notebook.get(_KEY)
