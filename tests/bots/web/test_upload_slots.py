"""A few slow uploads do not block others."""

from __future__ import annotations

import asyncio
from ipaddress import IPv6Address

import pytest

from bots.web.upload_slots import Slot, UploadSlots


def taken(slots: UploadSlots, addresses: list[str]) -> list[Slot]:
    return [slot for address in addresses if (slot := slots.take(address)) is not None]


async def reads(slot: Slot) -> bool:
    """Read a body that never ends; return whether the slot was given up meanwhile."""
    try:
        async with slot.reading():
            await asyncio.Event().wait()
    except TimeoutError:
        return True
    return False


def test_one_address_has_so_many_and_no_more() -> None:
    slots = UploadSlots(limit=32, per_address=8)
    mine = taken(slots, ["203.0.113.7"] * 9)
    assert len(mine) == 8
    slots.release(mine[0])
    slots.release(mine[0])
    assert len(taken(slots, ["203.0.113.7"] * 9)) == 1


def test_the_address_with_the_most_makes_room_for_one_with_fewer() -> None:
    slots = UploadSlots(limit=4, per_address=3)

    async def flood() -> tuple[list[bool], bool]:
        held = taken(slots, ["203.0.113.7"] * 3 + ["203.0.113.8"])
        reading = [asyncio.ensure_future(reads(slot)) for slot in held]
        await asyncio.sleep(0)
        honest = slots.take("198.51.100.1")
        assert honest is not None
        ended, _ = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        gave_up = [each in ended for each in reading]
        for each in reading:
            each.cancel()
        return gave_up, slots.take("203.0.113.7") is None

    assert asyncio.run(flood()) == ([True, False, False, False], True)


def test_a_slot_that_was_given_up_before_it_was_read_is_not_read() -> None:
    slots = UploadSlots(limit=2, per_address=2)

    async def late() -> bool:
        first, _ = taken(slots, ["203.0.113.7"] * 2)
        assert slots.take("198.51.100.1") is not None
        return await reads(first)

    assert asyncio.run(late())


@pytest.mark.parametrize("length", [64, 56, 48])
def test_the_addresses_of_one_network_compete_with_each_other(length: int) -> None:
    step = 128 - length - 16
    numbers = [(0x20010DB8 << 96) + (n << step) for n in range(32)]
    slots = UploadSlots(limit=8, per_address=8)

    async def flood() -> list[Slot | None]:
        held = taken(slots, [str(IPv6Address(number)) for number in numbers])
        assert len(held) == 8
        return [slots.take(f"2001:db9:{n}::1") for n in range(7)]

    assert all(asyncio.run(flood()))


def test_a_body_must_arrive_before_a_deadline() -> None:
    async def slow() -> None:
        slot = UploadSlots().take("203.0.113.7")
        assert slot is not None
        async with slot.reading(0.01):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(slow())


def test_many_bodies_at_once_are_counted_before_any_is_read() -> None:
    slots = UploadSlots(limit=32, per_address=8)
    assert len(taken(slots, ["203.0.113.7"] * 100)) == 8
