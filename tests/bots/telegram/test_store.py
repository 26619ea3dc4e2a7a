"""Albums: gathered from their parts, painted as one job, answered as one album."""

from __future__ import annotations

import pytest

from bots.telegram.events import MessageEvent, Origin
from bots.telegram.store import Albums
from tasks.models import PhotoRef
from tasks.services import Services
from tests.bots.telegram.town import Town, snapshot


def part(number: int, words: str = "", addressed: bool = True) -> MessageEvent:
    return MessageEvent(
        Origin(-7, number, "11"),
        words=words,
        photos=(PhotoRef(f"file-{number}"),),
        addressed=addressed,
        album="g",
    )


@pytest.fixture
def albums(services: Services) -> Albums:
    return Albums(services.redis, services.settings.namespace, photos_max=3)


def test_parts_become_one_message_in_their_order(albums: Albums) -> None:
    for each in (part(3), part(1), part(2, "watercolor")):
        albums.add(each, due=10.0)
    (album,) = albums.due(11.0)
    assert [photo.ref for photo in album.heard.photos] == ["file-1", "file-2", "file-3"]
    assert album.heard.words == "watercolor"
    assert album.heard.origin.message == 1


def test_an_album_waits_until_no_part_came_for_a_while(albums: Albums) -> None:
    albums.add(part(1), due=10.0)
    albums.add(part(2), due=12.0)
    assert albums.due(11.0) == []
    assert len(albums.due(12.0)) == 1


def test_an_album_is_as_long_as_the_setting_says(albums: Albums) -> None:
    for number in range(1, 6):
        albums.add(part(number), due=1.0)
    assert len(albums.due(2.0)[0].heard.photos) == 3


def test_one_part_with_the_bots_name_speaks_for_all(albums: Albums) -> None:
    albums.add(part(1, addressed=False), due=1.0)
    albums.add(part(2, "film"), due=1.0)
    assert albums.due(2.0)[0].heard.addressed


def test_a_part_that_comes_while_the_album_is_taken_in_is_not_lost(albums: Albums) -> None:
    albums.add(part(1), due=1.0)
    (album,) = albums.due(2.0)
    albums.add(part(2), due=3.0)
    albums.close(album)
    (rest,) = albums.due(4.0)
    assert [photo.ref for photo in rest.heard.photos] == ["file-2"]


def test_a_part_that_comes_later_stands_alone(albums: Albums) -> None:
    albums.add(part(1), due=1.0)
    albums.close(albums.due(2.0)[0])
    assert not albums.add(part(2), due=3.0)
    assert albums.due(9.0) == []


def test_an_album_comes_back_as_an_album(town: Town) -> None:
    ann = town.person()
    photos = town.api.people.album(ann, [snapshot(n) for n in (201, 202, 203)], caption="film")
    chat = town.api.world.chat(ann)

    town.api.world.wait(lambda: len(chat.paintings(photos[0]["message_id"])) == 3)
    line = town.words(ann, "your 3 paintings are below")

    assert len({m["media_group_id"] for m in chat.paintings()}) == 1
    assert chat.of_bot()[0]["message_id"] == line["message_id"]
    assert len(chat.of_bot()) == 4
    assert line["reply_markup"]["inline_keyboard"]
