"""What a process of the bot has in hand: settings, ledger, blobs, notebooks and pacing."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from tasks.blobs import BlobStore
from tasks.ledger import Ledger
from tasks.notebook import Notebook
from tasks.pacing import Pacer
from tasks.people import People
from tasks.presence import Presence
from tasks.retractions import Retractions
from tasks.settings import Settings
from tasks.switches import Switches
from tasks.traces import Traces


@dataclass(frozen=True, slots=True)
class Services:
    """Opened once per process and handed to everything that needs more than pure functions."""

    settings: Settings
    redis: Redis
    ledger: Ledger
    blobs: BlobStore
    people: People
    switches: Switches
    presence: Presence
    retractions: Retractions
    traces: Traces

    def notebook(self, name: str) -> Notebook:
        """Return the notebook of one platform."""
        return Notebook(self.redis, f"{self.settings.namespace}:notes:{name}")

    def pacer(self, name: str) -> Pacer:
        """Return the pacer of one platform."""
        return Pacer(self.redis, f"{self.settings.namespace}:notes:{name}")
