from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bots.x.client import XClient
from bots.x.errors import XRefused, XUnknownOutcome
from bots.x.media import lighten, upload
from tests.fakes.x_api import FakeX
from tests.fakes.x_faults import XFault
from tests.fakes.x_words import POST, Words
from tests.tasks.delivery_worker import picture

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
PROCESSING = {
    "data": {"id": "1", "processing_info": {"state": "in_progress", "check_after_secs": 2}}
}


@pytest.fixture
def words() -> Words:
    """One vocabulary is enough here: the one of X's description."""
    return POST


def test_a_picture_is_uploaded_whole_and_described(fake: FakeX, x: XClient) -> None:
    done = upload(x, picture(), "tweet_image", "a painting")

    kept = fake.world.media[done.key]
    assert kept.data == picture()
    assert (kept.alt_text, kept.category) == ("a painting", "tweet_image")
    assert fake.asked[0].json["media_type"] == "image/jpeg"


def test_the_kind_of_file_is_told_as_it_is(fake: FakeX, x: XClient) -> None:
    upload(x, PNG, "dm_image", "a painting")
    assert fake.asked[0].json == {
        "media_category": "dm_image",
        "media_type": "image/png",
        "total_bytes": len(PNG),
    }


def test_an_alt_text_is_cut_to_xs_maximum(fake: FakeX, x: XClient) -> None:
    done = upload(x, PNG, "tweet_image", "a" * 2000)
    assert len(fake.world.media[done.key].alt_text) == 1000


def test_a_large_picture_is_compressed_and_keeps_its_xmp() -> None:
    pixels = np.random.default_rng(7).integers(0, 255, (400, 400, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95, xmp=b"<made by suisai>")

    light = lighten(file.getvalue(), bytes_max=30_000)

    assert len(light) <= 30_000
    with Image.open(BytesIO(light)) as seen:
        assert seen.info["xmp"] == b"<made by suisai>"
    assert lighten(file.getvalue()) == file.getvalue()


def test_processing_is_waited_for_as_x_asks(fake: FakeX, x: XClient) -> None:
    rests: list[float] = []
    fake.faults.add(XFault("POST /2/media/upload", 200, PROCESSING, skip=2))
    fake.faults.add(XFault("GET /2/media/upload", 200, PROCESSING))
    fake.faults.add(XFault("GET /2/media/upload", 200, {"data": {"id": "1"}}))
    fake.faults.add(XFault("POST /2/media/metadata", 400, {"detail": "no such media"}))

    upload(x, PNG, "tweet_image", "a painting", rests.append)

    assert rests == [2.0, 2.0]


def test_a_picture_that_x_cannot_read_is_refused(fake: FakeX, x: XClient) -> None:
    failed = {"data": {"id": "1", "processing_info": {"state": "failed"}}}
    fake.faults.add(XFault("POST /2/media/upload", 200, failed, skip=2))
    with pytest.raises(XRefused):
        upload(x, PNG, "tweet_image", "a painting")


def test_processing_is_not_waited_for_for_ever(fake: FakeX, x: XClient) -> None:
    fake.faults.add(XFault("POST /2/media/upload", 200, PROCESSING, skip=2))
    fake.faults.add(XFault("GET /2/media/upload", 200, PROCESSING, times=100))
    with pytest.raises(XUnknownOutcome):
        upload(x, PNG, "tweet_image", "a painting", lambda _: None)
