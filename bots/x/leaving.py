"""'stop': a person's photos are left alone from now on, and answers that show them are taken back."""

from __future__ import annotations

import structlog

from bots.x.api import X
from bots.x.faults import XForbidden, XRefused
from bots.x.memory import Memory
from bots.x.notices import notify
from tasks.contract import Job
from tasks.services import Services

NAMES = ("x", "x-dm")
"""The platforms on which a person of X is known."""

_log = structlog.get_logger()


class Leaving:
    """Carries out a 'stop'. Raises `XFault` where X does not let it; saying it again is harmless."""

    def __init__(self, services: Services, x: X, memory: Memory) -> None:
        self._services = services
        self._x = x
        self._memory = memory

    def stop(self, person: str, said_under: str | None = None) -> None:
        """Take back what shows this person's photos, forget the person and keep the opt-out.

        `said_under` is the answer that the person replied to, where there is one.
        """
        shown = set(self._memory.answers_showing(person))
        if said_under is not None and self._concerns(person, said_under):
            shown.add(said_under)
        # First the answers: once the person is forgotten, nothing leads to them any more.
        for answer in sorted(shown):
            self._take_back(answer)
        self._memory.forget(person, shown)
        for name in NAMES:
            self._services.people.forget(name, person, opt_out=True)
        _log.info("a person opted out", answers_removed=len(shown))

    def _take_back(self, answer: str) -> None:
        try:
            take_back(self._x, answer)
        except XForbidden as fault:
            # One answer that X keeps must not keep everything else from being read.
            trouble = f"the post {answer} must be deleted by hand: {fault.detail}"
            notify(self._services.notebook("x"), trouble)

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
