"""Albums are assembled from their parts; placeholders are updated less and less often."""

from __future__ import annotations

from itertools import accumulate

import pytest

from bots.telegram.events import MessageEvent, Origin
from bots.telegram.store import Albums, Placeholder, PlaceholderQueue, interval_s
from tasks.models import PhotoRef
from tasks.services import Services
from tests.bots.telegram.harness import TelegramHarness, snapshot


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
    return Albums(services.kv("telegram"), photos_max=3)


def test_parts_become_one_message_in_their_order(albums: Albums) -> None:
    for each in (part(3), part(1), part(2, "watercolor")):
        albums.add(each, due=10.0)
    (album,), _ = albums.due(11.0)
    assert [photo.ref for photo in album.message.photos] == ["file-1", "file-2", "file-3"]
    assert album.message.words == "watercolor"
    assert album.message.origin.message == 1


def test_an_album_waits_until_no_part_came_for_a_while(albums: Albums) -> None:
    albums.add(part(1), due=10.0)
    albums.add(part(2), due=12.0)
    assert albums.due(11.0) == ([], 12.0)
    assert len(albums.due(12.0)[0]) == 1


def test_an_album_is_as_long_as_the_setting_says(albums: Albums) -> None:
    for number in range(1, 6):
        albums.add(part(number), due=1.0)
    assert len(albums.due(2.0)[0][0].message.photos) == 3


def test_one_part_with_the_bots_name_speaks_for_all(albums: Albums) -> None:
    albums.add(part(1, addressed=False), due=1.0)
    albums.add(part(2, "film"), due=1.0)
    assert albums.due(2.0)[0][0].message.addressed


def test_a_part_that_comes_while_the_album_is_taken_in_is_not_lost(albums: Albums) -> None:
    albums.add(part(1), due=1.0)
    (album,), _ = albums.due(2.0)
    albums.add(part(2), due=3.0)
    albums.close(album)
    (rest,), _ = albums.due(4.0)
    assert [photo.ref for photo in rest.message.photos] == ["file-2"]


def test_a_late_part_of_an_album_is_a_separate_message(albums: Albums) -> None:
    albums.add(part(1), due=1.0)
    albums.close(albums.due(2.0)[0][0])
    assert not albums.add(part(2), due=3.0)
    assert albums.due(9.0) == ([], float("inf"))


def test_an_album_comes_back_as_an_album(harness: TelegramHarness) -> None:
    ann = harness.person()
    photos = harness.api.people.album(ann, [snapshot(n) for n in (201, 202, 203)], caption="film")
    chat = harness.api.world.chat(ann)

    harness.api.world.wait(lambda: len(chat.paintings(photos[0]["message_id"])) == 3)
    line = harness.words(ann, "your 3 paintings are below")

    assert len({m["media_group_id"] for m in chat.paintings()}) == 1
    assert chat.of_bot()[0]["message_id"] == line["message_id"]
    assert len(chat.of_bot()) == 4
    assert line["reply_markup"]["inline_keyboard"]


def test_placeholders_are_edited_at_growing_intervals() -> None:
    distances = [interval_s(n) for n in range(1, 30)]
    assert distances[:9] == [1, 2, 3, 4, 5, 7, 9, 12, 16]
    assert distances == sorted(distances)


def test_an_hour_of_waiting_costs_few_edits() -> None:
    times = list(accumulate(max(3.0, interval_s(n)) for n in range(1, 40)))
    assert sum(at < 3600 for at in times) <= 20


def test_those_who_are_overdue_longest_come_first(services: Services) -> None:
    queue = PlaceholderQueue(services.ledger, services.kv("telegram"))
    for job, at in [("late", 30.0), ("early", 10.0), ("later", 99.0)]:
        queue.add(Placeholder(job, 7, "5"), at)
    assert [each.job_id for each in queue.due(50.0, 10)] == ["early", "late"]


def test_a_placeholder_reads_back_and_can_be_dropped(services: Services) -> None:
    queue = PlaceholderQueue(services.ledger, services.kv("telegram"))
    placeholder = Placeholder("job", 0, "inline:abc", edits=3, says="waiting:3:1")
    queue.add(placeholder, 1.0)
    assert queue.due(2.0, 10) == [placeholder]
    queue.drop(placeholder)
    assert queue.due(2.0, 10) == []


def test_a_placeholder_is_edited_at_most_every_few_seconds() -> None:
    after, wait_s = Placeholder("job", 7, "5").edited("waiting:2:1", at_most_every_s=3.0)
    assert (after.edits, after.says, wait_s) == (1, "waiting:2:1", 3.0)
