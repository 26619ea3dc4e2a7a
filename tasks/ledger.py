"""The ledger: the records of all jobs and the single truth about them, in Redis/Valkey."""

from __future__ import annotations

from tasks.admission import Admission
from tasks.book import LeaseLost, LedgerTooNew, UnknownJob, Wake
from tasks.claims import Claims
from tasks.mending import Mending

__all__ = ["LeaseLost", "Ledger", "LedgerTooNew", "UnknownJob", "Wake"]


class Ledger(Admission, Claims, Mending):
    """All that can happen to a job. Safe to share between threads and processes."""
