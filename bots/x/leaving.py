"""'stop': a person's photos are left alone from now on, and answers that show them are taken back."""

from __future__ import annotations

import structlog

from bots.x.api import X
from bots.x.faults import XRefused
from bots.x.memory import Memory
from tasks.contract import Job
from tasks.services import Services

NAMES = ("x", "x-dm")
"""The platforms on which a person of X is known."""

_log = structlog.get_logger()


class Leaving:
    """Carries out a 'stop'; saying it again is harmless."""

    def __init__(self, services: Services, memory: Memory) -> None:
        self._services = services
        self._memory = memory

    def stop(self, person: str, said_under: str | None = None) -> None:
        """Forget the person and keep the opt-out; answers that show their photos are deleted from X.

        `said_under` is the answer that the person replied to, where there is one.
        """
        shown = set(self._memory.answers_showing(person))
        if said_under is not None and self._concerns(person, said_under):
            shown.add(said_under)
        # The ledger finds the answers of its jobs; these may stand though their jobs do not know it yet.
        for answer in sorted(shown):
            self._services.retractions.add("x", answer)
        self._memory.forget(person, shown)
        for name in NAMES:
            self._services.people.forget(name, person, opt_out=True)
        _log.info("person_opted_out", answers=len(shown))

    def _concerns(self, person: str, answer: str) -> bool:
        """Only who asked for a painting, and whose photo it shows, may have it removed."""
        job = self._services.ledger.find_job(self._memory.job_of(answer) or "")
        return job is not None and person in owners_of(job)


def owners_of(job: Job) -> set[str]:
    """Return who has a say about a painting: who asked for it and whose photos it shows."""
    return {job.ask.person, *(photo.owner for photo in job.ask.photos if photo.owner)}


def take_back(x: X, answer: str) -> None:
    """Delete an answer; one that is gone already counts as deleted. Raises `XFault`."""
    try:
        x.delete(answer)
    except XRefused as fault:
        _log.info("answer not deleted", answer=answer, detail=fault.detail)
