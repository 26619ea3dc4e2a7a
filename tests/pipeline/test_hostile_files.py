"""Damaged files are opened or refused with a known reason."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import PhotoRefused
from pipeline.photo import REASONS, open_photo
from tests.pipeline.photographs import encoded, landscape, photograph_exif

pytestmark = pytest.mark.process

RUNS = 60
"""Damaged files of each kind."""


@cache
def whole(kind: str) -> bytes:
    exif = {} if kind == "GIF" else {"exif": photograph_exif(6)}
    return encoded(landscape(160, 120), kind, **exif)


def damaged(data: bytes, wounds: list[tuple[float, int, bytes]]) -> bytes:
    """Overwrite, insert or cut at some places, given as fractions of the length."""
    for place, cut, filling in wounds:
        at = int(place * len(data))
        data = data[:at] + filling + data[at + cut :]
    return data


def end_of(data: bytes) -> str:
    """Open a file; return why it was refused, or that it was opened, at working size."""
    try:
        photo = open_photo(data)
    except PhotoRefused as refused:
        return refused.reason
    assert max(photo.pixels.shape) <= 1024
    return "opened"


WOUNDS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from([0, 1, 2, 4, 16, 1000]),
        st.binary(max_size=4) | st.just(b"\xff" * 64) | st.just(bytes(64)),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF"])
@settings(max_examples=RUNS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wounds=WOUNDS)
def test_a_damaged_file_is_opened_or_refused_with_a_reason(
    kind: str, wounds: list[tuple[float, int, bytes]]
) -> None:
    assert end_of(damaged(whole(kind), wounds)) in ("opened", *REASONS)


@settings(max_examples=RUNS, deadline=None)
@given(st.binary(max_size=2000))
def test_random_bytes_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(PhotoRefused) as refused:
        open_photo(data)
    assert refused.value.reason in REASONS
