"""Pictures with people, or parts of them, are distinguished from pictures without."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.engine import RGB
from pipeline.person_presence import PersonPresence
from tests.photos import photo


@pytest.fixture(scope="module")
def presence() -> PersonPresence:
    return PersonPresence()


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
@pytest.mark.parametrize("part", [(0.0, 1.0), (0.4, 1.0), (0.0, 0.6)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_person_and_a_person_without_the_head_are_found(
    presence: PersonPresence, name: str, part: tuple[float, float], mirrored: bool
) -> None:
    whole = photo(name, 640)
    rows = slice(*(round(share * len(whole)) for share in part))
    picture = np.ascontiguousarray(whole[rows, ::-1] if mirrored else whole[rows])

    assert presence.possible(picture)


def waves(seed: int) -> RGB:
    """Sand and sea, without anybody: two smooth areas in the colours of skin and water, and foam between."""
    y, x = np.mgrid[:480, :640].astype(np.float32)
    dice = np.random.default_rng(seed)
    shore = 200 + 60 * np.sin(x / 640 * 5 + dice.uniform(0, 6)) + 0.3 * x
    sand = np.clip((y - shore) / 30, 0, 1)[..., None]
    foam = np.exp(-(((y - shore) / 14) ** 2))[..., None]
    picture = np.array((205, 160, 128)) * sand + np.array((60, 110, 130)) * (1 - sand)
    picture = picture * (1 - foam) + 235 * foam + dice.normal(0, 3, (480, 640, 1))
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_skin_coloured_sand_is_not_a_person(presence: PersonPresence, seed: int) -> None:
    assert not presence.possible(waves(seed))
