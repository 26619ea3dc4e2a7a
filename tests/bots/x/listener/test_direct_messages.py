from __future__ import annotations

from collections.abc import Callable

import pytest

from bots.x.client import XClient
from bots.x.listener.direct_messages import DirectMessages, language_of_script
from bots.x.listener.mentions import Mentions
from bots.x.platform import XDirectMessages
from tasks.errors import PhotoUnavailable
from tasks.ledger.records import job_id_of
from tasks.models import Job, Outcome, PhotoRef
from tasks.services import Services
from tests.fakes import x_problems as problems
from tests.fakes.x_api import CONSUMER_SECRET, TOKEN_SECRET, FakeX
from tests.fakes.x_faults import XFault
from tests.tasks.delivery_worker import DeliveryWorker

TON = "https://ton.twitter.com/1.1/ton/data/dm/77/88/cat.jpg"


@pytest.fixture
def letters(services: Services, x: XClient) -> DirectMessages:
    """The handler of direct messages."""
    return DirectMessages(services, x)


@pytest.fixture
def read(x: XClient, letters: DirectMessages) -> Callable[[], int]:
    """Lets the bot read its messages once."""
    return lambda: letters.take([x.messages(None, 20)])


@pytest.fixture
def job_of(services: Services) -> Callable[[str], Job]:
    """Finds the job of a message."""
    return lambda message: services.ledger.job(job_id_of("x-dm", message))


def test_a_message_with_a_photo_is_acknowledged_and_private(
    fake: FakeX, read: Callable[[], int], job_of: Callable[[str], Job]
) -> None:
    message = fake.world.message("ann", "in ink style", [fake.world.picture(TON)])

    assert [read(), read()] == [1, 0]

    ask = job_of(message).request
    assert ask.private
    assert (ask.style, ask.photos) == ("ink", (PhotoRef(TON),))
    (told,) = fake.world.sent
    assert "Looking at your photo" in told.text


def test_a_message_without_a_photo_is_explained_once_a_day(
    fake: FakeX, read: Callable[[], int]
) -> None:
    fake.world.message("ann", "hi")
    fake.world.message("ann", "are you there?")
    assert read() == 0
    assert ["Send me a photo" in note.text for note in fake.world.sent] == [True]


@pytest.mark.parametrize(
    ("text", "language"),
    [("こんにちは", "ja"), ("नमस्ते", "hi"), ("hola", None), ("", None), ("写真です", "ja")],
)
def test_the_script_of_a_message_tells_its_language(text: str, language: str | None) -> None:
    assert language_of_script(text) == language


def test_a_message_is_answered_in_the_language_of_the_persons_posts(
    fake: FakeX, read: Callable[[], int], services: Services, inbox: Mentions, x: XClient
) -> None:
    photo = fake.world.picture("https://pbs.twimg.com/media/cat.jpg")
    fake.world.post("ann", "@suisai por favor", media=[photo], lang="es")
    inbox.take([x.mentions(None, None)])

    for words in ("", "gracias", "ありがとう"):
        fake.world.message("ann", words, [fake.world.picture(TON)])
        read()

    ann = fake.world.person("ann")
    jobs = [services.ledger.job(id_) for id_ in services.ledger.open_jobs("x-dm", ann)]
    assert sorted(job.request.language for job in jobs) == ["es", "es", "ja"]


def test_again_in_a_message_is_about_the_last_photo(
    fake: FakeX, read: Callable[[], int], job_of: Callable[[str], Job]
) -> None:
    fake.world.message("ann", "", [fake.world.picture(TON)])
    read()
    more = fake.world.message("ann", "again")

    assert read() == 1
    assert job_of(more).request.photos == (PhotoRef(TON),)
    assert job_of(more).request.seed is not None


def test_stop_in_a_message_forgets_the_person_everywhere(
    fake: FakeX, read: Callable[[], int], services: Services
) -> None:
    fake.world.message("ann", "", [fake.world.picture(TON)])
    read()
    fake.world.message("ann", "stop")
    read()

    ann = fake.world.person("ann")
    assert services.ledger.open_jobs("x-dm", ann) == ()
    assert all(services.users.opted_out(name, ann) for name in ("x", "x-dm"))
    assert "Done" in fake.world.sent[-1].text


def test_the_bot_does_not_read_its_own_messages_or_groups(
    fake: FakeX, read: Callable[[], int]
) -> None:
    key = fake.world.picture(TON)
    fake.world.message_from_bot(fake.world.person("ann"), "painted", [key])
    group = fake.world.message("ben", "hi", [key])
    fake.world.messages[group].conversation = "1234567890"
    assert read() == 0


@pytest.fixture
def ann(fake: FakeX) -> str:
    """Somebody who writes to the bot."""
    return fake.world.person("ann")


def private(worker: DeliveryWorker, ann: str) -> str:
    return worker.painted("5000", platform="x-dm", private=True, person=ann, address={"to": ann})


def test_a_painting_comes_as_one_message(fake: FakeX, worker: DeliveryWorker, ann: str) -> None:
    job = worker.deliver(private(worker, ann))

    (sent,) = fake.world.sent
    assert job.outcome is Outcome.ANSWERED
    assert job.receipt == sent.id
    assert fake.world.media[sent.media[0]].category == "dm_image"
    assert fake.world.made == []


def test_a_message_whose_answer_was_lost_is_found(
    fake: FakeX, worker: DeliveryWorker, ann: str
) -> None:
    fake.faults.add(XFault(f"POST /2/dm_conversations/with/{ann}/messages", after=True))
    job_id = private(worker, ann)

    assert worker.deliver(job_id).outcome is None
    job = worker.deliver(job_id)

    assert job.outcome is Outcome.ANSWERED
    assert [note.id for note in fake.world.sent] == [job.receipt]


def test_an_apology_whose_answer_was_lost_is_found_by_its_words(
    fake: FakeX, worker: DeliveryWorker, ann: str
) -> None:
    fake.world.message_from_bot(ann, "1st in line, about 20 seconds", [])
    fake.faults.add(XFault(f"POST /2/dm_conversations/with/{ann}/messages", after=True))
    address = {"to": ann}
    job_id = worker.apologised("5000", platform="x-dm", private=True, person=ann, address=address)

    worker.deliver(job_id)
    job = worker.deliver(job_id)

    assert job.outcome is Outcome.APOLOGISED
    assert len(fake.world.sent) == 2
    assert job.receipt == fake.world.sent[1].id


def test_what_else_the_bot_said_is_not_taken_for_an_apology(
    fake: FakeX, worker: DeliveryWorker, ann: str
) -> None:
    address = {"to": ann}
    job_id = worker.apologised("5000", platform="x-dm", private=True, person=ann, address=address)
    fake.faults.add(XFault(f"POST /2/dm_conversations/with/{ann}/messages", 503))
    worker.deliver(job_id)
    fake.world.message_from_bot(ann, "1st in line, about 20 seconds", [])

    assert worker.deliver(job_id).outcome is Outcome.APOLOGISED

    assert "too small" in fake.world.sent[-1].text


def test_a_message_is_sent_after_the_search_finds_none(
    fake: FakeX, worker: DeliveryWorker, ann: str
) -> None:
    fake.faults.add(XFault(f"POST /2/dm_conversations/with/{ann}/messages", 503))
    job_id = private(worker, ann)
    worker.deliver(job_id)
    assert worker.deliver(job_id).outcome is Outcome.ANSWERED
    assert len(fake.world.sent) == 1


def test_an_outage_uploads_and_describes_a_picture_once(
    fake: FakeX, services: Services, worker: DeliveryWorker, ann: str
) -> None:
    fake.faults.add(XFault(f"POST /2/dm_conversations/with/{ann}/messages", 503, times=4))
    job_id = private(worker, ann)

    for _ in range(5):
        job = worker.deliver(job_id)
        services.controls.resume("deliver", "x-dm")

    assert job.outcome is Outcome.ANSWERED
    assert len(fake.world.sent) == 1
    assert fake.count("POST /2/media/upload/initialize") == 1
    assert fake.bill.charged["alt_text"] == 1


def test_a_picture_that_x_has_lost_is_uploaded_again(
    fake: FakeX, services: Services, worker: DeliveryWorker, ann: str
) -> None:
    where = f"POST /2/dm_conversations/with/{ann}/messages"
    fake.faults.add(problems.MEDIA_INVALID.at(where))
    job_id = private(worker, ann)
    worker.deliver(job_id)
    services.controls.resume("deliver", "x-dm")

    assert worker.deliver(job_id).outcome is Outcome.ANSWERED
    assert fake.count("POST /2/media/upload/initialize") == 2


def test_an_apology_in_words_that_x_knows_is_said_with_the_time(
    fake: FakeX, worker: DeliveryWorker, ann: str
) -> None:
    address = {"to": ann}
    for event in ("5000", "5001"):
        job_id = worker.apologised(
            event, platform="x-dm", private=True, person=ann, address=address
        )
        assert worker.deliver(job_id).outcome is Outcome.APOLOGISED

    first, second = fake.world.sent
    assert second.text.startswith(first.text)
    assert second.text.endswith("UTC)")


def test_a_token_that_x_no_longer_accepts_does_not_make_a_photo_gone(
    fake: FakeX, worker: DeliveryWorker, services: Services, ann: str
) -> None:
    fake.world.files["dm/77/88/cat.jpg"] = b"a photo"
    job = services.ledger.job(private(worker, ann))
    fake.access = {"another"}

    assert XDirectMessages(services).fetch(job, PhotoRef(TON)) == b"a photo"
    assert fake.renewals == 1


def test_closed_messages_end_the_job(fake: FakeX, worker: DeliveryWorker, ann: str) -> None:
    fake.world.blocking.add(ann)
    job = worker.deliver(private(worker, ann))
    assert (job.outcome, job.reason) == (Outcome.UNDELIVERABLE, "messages-closed")


def test_a_limit_on_messages_does_not_stop_the_mentions(
    fake: FakeX, worker: DeliveryWorker, ann: str, services: Services
) -> None:
    fake.faults.add(XFault(f"POST /2/dm_conversations/with/{ann}/messages", 429))
    job = worker.deliver(private(worker, ann))

    assert job.attempts == 0
    assert list(services.controls.paused()) == ["deliver:x-dm"]
    mention = fake.world.post("ben", "@suisai")
    assert worker.deliver(worker.painted(mention)).outcome is Outcome.ANSWERED


def test_a_photo_of_a_message_is_fetched_by_oauth2(
    fake: FakeX, worker: DeliveryWorker, services: Services, ann: str
) -> None:
    fake.world.files["dm/77/88/cat.jpg"] = b"a photo"
    job = services.ledger.job(private(worker, ann))

    assert XDirectMessages(services).fetch(job, PhotoRef(TON)) == b"a photo"

    with pytest.raises(PhotoUnavailable):
        XDirectMessages(services).fetch(job, PhotoRef("https://example.com/1/2/3.jpg"))


def test_with_oauth1_keys_the_link_itself_is_signed(connect: Callable[..., XClient]) -> None:
    x = connect(
        client_id=None,
        consumer_key="k",
        consumer_secret=CONSUMER_SECRET,
        access_token="1-t",
        access_token_secret=TOKEN_SECRET,
    )
    header = x.authorization(TON)
    assert header.startswith("OAuth ")
    assert "oauth_signature" in header
