from __future__ import annotations

from collections.abc import Callable

from bots.x.platform import XDirectMessages, XPlatform
from bots.x.store import notice
from tasks.platform import Platform
from tasks.services import Services
from tests.fakes.x_api import FakeX
from tests.fakes.x_faults import XFault
from tests.tasks.delivery_worker import Answered, DeliveryWorker


def retract(services: Services) -> None:
    """Delete the answers that are to be deleted, as an io worker does."""
    platforms: dict[str, Platform] = {"x": XPlatform(services), "x-dm": XDirectMessages(services)}
    services.retractions.run(lambda name, receipt: platforms[name].retract(receipt))
    assert services.retractions.waiting() == 0


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
    retract(services)

    assert fake.world.removed == [painting]
    assert services.users.opted_out("x", fake.world.person("ann"))
    assert not services.users.opted_out("x", fake.world.person("ben"))


def test_a_stop_without_a_thread_finds_the_answers_that_show_the_persons_photos(
    fake: FakeX,
    photo: Callable[[], str],
    read: Callable[[], int],
    services: Services,
    answered: Callable[..., Answered],
) -> None:
    anns = fake.world.post("ann", "look", media=[photo()])
    painting = answered(by="ben", under=anns).painting

    fake.world.post("ann", "@suisai stop")
    read()
    retract(services)

    assert fake.world.removed == [painting]


def test_an_answer_that_x_does_not_let_go_is_named_to_the_operator(
    fake: FakeX, read: Callable[[], int], services: Services, answered: Callable[..., Answered]
) -> None:
    painting = answered().painting
    fake.faults.add(XFault("DELETE /2/tweets", 403, {"detail": "not now"}))

    fake.world.post("ann", "stop", under=painting)
    read()
    retract(services)

    assert painting in (notice(services.kv("x")) or "")
    assert services.users.opted_out("x", fake.world.person("ann"))


def test_only_the_asker_or_owner_can_remove_an_answer(
    fake: FakeX, read: Callable[[], int], services: Services, answered: Callable[..., Answered]
) -> None:
    painting = answered().painting

    fake.world.post("zoe", "stop", under=painting)
    read()
    retract(services)

    assert fake.world.removed == []
    assert services.users.opted_out("x", fake.world.person("zoe"))


def test_a_person_whom_the_operator_forgets_has_their_answer_removed(
    fake: FakeX, services: Services, worker: DeliveryWorker, photo: Callable[[], str]
) -> None:
    mention = fake.world.post("ben", "@suisai", media=[photo()])
    job = worker.deliver(worker.painted(mention))

    services.users.forget("x", job.request.person)
    retract(services)

    assert fake.world.removed == [job.receipt]
