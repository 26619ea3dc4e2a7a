from __future__ import annotations

from collections.abc import Callable

from bots.x.notices import notice
from tasks.services import Services
from tests.bots.x.desk import Answered
from tests.fakes.x_api import FakeX
from tests.fakes.x_faults import Fault


def test_the_owner_of_a_photo_stops_the_bot_and_the_answer_goes(
    fake: FakeX,
    photo: Callable[[], str],
    read: Callable[[], int],
    services: Services,
    answered: Callable[..., Answered],
) -> None:
    anns = fake.world.post("ann", "look", media=[photo()])
    painting = answered(by="ben", under=anns).painting

    fake.world.post("ann", "stop", under=painting)
    read()

    assert fake.world.removed == [painting]
    assert services.people.opted_out("x", fake.world.person("ann"))
    assert not services.people.opted_out("x", fake.world.person("ben"))


def test_a_stop_without_a_thread_finds_the_answers_that_show_the_persons_photos(
    fake: FakeX,
    photo: Callable[[], str],
    read: Callable[[], int],
    answered: Callable[..., Answered],
) -> None:
    anns = fake.world.post("ann", "look", media=[photo()])
    painting = answered(by="ben", under=anns).painting

    fake.world.post("ann", "@suisai stop")
    read()

    assert fake.world.removed == [painting]


def test_an_answer_that_x_does_not_let_go_is_named_to_the_operator(
    fake: FakeX, read: Callable[[], int], services: Services, answered: Callable[..., Answered]
) -> None:
    painting = answered().painting
    fake.faults.add(Fault("DELETE /2/tweets", 403, {"detail": "not now"}))

    fake.world.post("ann", "stop", under=painting)
    read()

    assert painting in (notice(services.notebook("x")) or "")
    assert services.people.opted_out("x", fake.world.person("ann"))


def test_a_passer_by_cannot_have_an_answer_removed(
    fake: FakeX, read: Callable[[], int], services: Services, answered: Callable[..., Answered]
) -> None:
    painting = answered().painting

    fake.world.post("zoe", "stop", under=painting)
    read()

    assert fake.world.removed == []
    assert services.people.opted_out("x", fake.world.person("zoe"))
