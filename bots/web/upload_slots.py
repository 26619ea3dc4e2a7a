"""Which bodies are read now: so many in all, so many of one address, none for long.

Whoever sends slowly holds a slot. Where all are taken, the address that has the most gives one up to an
address that has fewer, so that a few slow senders keep nobody else out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bots.web.addresses import networks_of
from bots.web.connections import AddressCounts

UPLOADS = 32
UPLOADS_PER_ADDRESS = 8
UPLOAD_S = 600.0
"""For one body: four photos of 20 MB at 1 Mbit/s."""


class Slot:
    """The right to send one body."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.network = networks_of(address)[-1][0]
        """The widest network of the address: what competes for slots."""
        self._deadline: asyncio.Timeout | None = None
        self._given_up = False

    @asynccontextmanager
    async def reading(self, seconds: float = UPLOAD_S) -> AsyncIterator[None]:
        """Read the body in the block. Raises `TimeoutError` when it takes too long or `give_up` is called."""
        async with asyncio.timeout(0 if self._given_up else seconds) as self._deadline:
            yield
        self._deadline = None

    def give_up(self) -> None:
        """End the reading of the body."""
        self._given_up = True
        if self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time())


class UploadSlots:
    """All slots of the web process."""

    def __init__(self, limit: int = UPLOADS, per_address: int = UPLOADS_PER_ADDRESS) -> None:
        self._limit = limit
        self._open: dict[Slot, None] = {}
        """In the order in which they were taken."""
        self._counts = AddressCounts(per_address)

    def take(self, address: str) -> Slot | None:
        """Take a slot for an address, None where it gets none now."""
        slot = Slot(address)
        if self._counts.is_full(address):
            return None
        if len(self._open) >= self._limit and not self._make_room(slot.network):
            return None
        self._open[slot] = None
        self._counts.add(address)
        return slot

    def release(self, slot: Slot) -> None:
        """Give a slot back; once is enough."""
        if slot in self._open:
            del self._open[slot]
            self._counts.remove(slot.address)

    def _make_room(self, network: str) -> bool:
        held = Counter(slot.network for slot in self._open)
        busiest, most = held.most_common(1)[0]
        if most < held[network] + 2:
            return False
        oldest = next(slot for slot in self._open if slot.network == busiest)
        oldest.give_up()
        self.release(oldest)
        return True
