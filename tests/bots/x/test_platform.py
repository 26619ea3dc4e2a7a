from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bots.x.platform import XPlatform
from bots.x.store import Memory
from bots.x.text import WEIGHT_MAX, weight
from tasks.errors import Undeliverable
from tasks.ledger.records import job_id_of
from tasks.models import Outcome, Painting, PhotoRef
from tasks.services import Services
from tests.fakes import x_problems as problems
from tests.fakes.x_api import FakeX
from tests.fakes.x_faults import XFault
from tests.fakes.x_words import POST, Words
from tests.fakes.x_world import Said
from tests.tasks.delivery_worker import DeliveryWorker, picture


@pytest.fixture
def words() -> Words:
    """One vocabulary is enough here: the one of X's description."""
    return POST


@pytest.fixture
def mention(fake: FakeX) -> str:
    """A post of Ann's that mentions the bot."""
    return fake.world.post("ann", "@suisai please")


def answers(fake: FakeX, mention: str) -> list[Said]:
    return fake.world.replies_to(mention)


def test_a_painting_is_a_reply_with_an_alt_text(
    fake: FakeX, worker: DeliveryWorker, mention: str
) -> None:
    job = worker.deliver(worker.painted(mention, pictures=2, style="watercolor", language="ja"))

    (said,) = answers(fake, mention)
    media = [fake.world.media[key] for key in said.media]
    assert job.outcome is Outcome.ANSWERED
    assert job.receipt == said.id
    assert said.made_with_ai
    assert [each.category for each in media] == ["tweet_image"] * 2
    assert all(each.data.startswith(b"\xff\xd8") and "水彩" in each.alt_text for each in media)
    written = said.text[said.shown_from :]
    assert "「やめて」" in written
    assert "@" not in written
    assert "http" not in written


def test_the_answer_is_remembered_with_its_owners(
    services: Services, worker: DeliveryWorker, mention: str
) -> None:
    photo = PhotoRef("https://pbs.twimg.com/media/a.jpg", "7007")
    job = worker.deliver(worker.painted(mention, photos=(photo,)))

    memory = Memory(services.kv("x"), 1000.0)
    assert memory.job_of(job.receipt) == job.id
    assert memory.answers_showing("7007") == memory.answers_showing("1001") == (job.receipt,)


def test_an_apology_is_one_short_sentence(
    fake: FakeX, worker: DeliveryWorker, mention: str
) -> None:
    job = worker.deliver(worker.apologised(mention))

    (said,) = answers(fake, mention)
    assert job.outcome is Outcome.APOLOGISED
    assert "too small" in said.text
    assert not said.made_with_ai
    assert weight(said.text[said.shown_from :]) <= WEIGHT_MAX


def test_a_lost_answer_is_found_and_not_sent_again(
    fake: FakeX, worker: DeliveryWorker, mention: str
) -> None:
    fake.faults.add(XFault("POST /2/tweets", after=True))
    job_id = worker.painted(mention)

    assert worker.deliver(job_id).outcome is None
    job = worker.deliver(job_id)

    (said,) = answers(fake, mention)
    assert job.outcome is Outcome.ANSWERED
    assert job.receipt == said.id
    assert fake.count("POST /2/tweets") == 1


def test_an_answer_that_was_never_made_is_sent_after_a_look(
    fake: FakeX, worker: DeliveryWorker, mention: str
) -> None:
    fake.faults.add(XFault("POST /2/tweets", 503))
    job_id = worker.painted(mention)

    worker.deliver(job_id)
    job = worker.deliver(job_id)

    assert job.outcome is Outcome.ANSWERED
    assert len(answers(fake, mention)) == 1
    assert fake.count("GET /2/users/1000/tweets") >= 1
    assert fake.count("POST /2/media/upload/initialize") == 1


def test_a_timeout_of_an_upload_is_not_an_unknown_answer(
    fake: FakeX, worker: DeliveryWorker, mention: str
) -> None:
    fake.faults.add(XFault("POST /2/media/upload", skip=1))
    job_id = worker.painted(mention)

    worker.deliver(job_id)
    assert worker.deliver(job_id).outcome is Outcome.ANSWERED

    assert fake.count("GET /2/users/1000/tweets") == 0


def test_a_search_for_the_answer_reads_all_pages_since_it_was_sent(
    fake: FakeX, worker: DeliveryWorker, mention: str
) -> None:
    fake.faults.add(XFault("POST /2/tweets", after=True))
    job_id = worker.painted(mention)
    worker.deliver(job_id)
    for n in range(130):
        other = fake.world.post(f"fan{n}", "@suisai")
        fake.world.reply_from_bot(other, f"later {n}", [], made_with_ai=True)

    job = worker.deliver(job_id)

    assert job.outcome is Outcome.ANSWERED
    assert len(answers(fake, mention)) == 1


def test_a_duplicate_is_searched_in_the_bots_own_posts_first(
    fake: FakeX, worker: DeliveryWorker, mention: str
) -> None:
    found = fake.world.reply_from_bot(mention, "already", [], made_with_ai=True)
    duplicate = {"detail": "You are not allowed to create a Tweet with duplicate content."}
    fake.faults.add(XFault("POST /2/tweets", 403, duplicate))

    job = worker.deliver(worker.painted(mention))

    assert job.outcome is Outcome.ANSWERED
    assert job.receipt == found.id


@pytest.mark.parametrize("refusal", [problems.DUPLICATE, problems.DUPLICATE_CODE])
def test_a_painting_whose_varied_words_are_called_a_duplicate_too_is_sent_later(
    fake: FakeX, worker: DeliveryWorker, mention: str, refusal: problems.XProblem
) -> None:
    for _ in range(2):
        fake.faults.add(XFault("POST /2/tweets", refusal.status, refusal.body))

    waiting = worker.deliver(worker.painted(mention))
    assert waiting.outcome is None

    assert worker.deliver(waiting.id).outcome is Outcome.ANSWERED
    assert len(answers(fake, mention)) == 1


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (lambda fake, post: setattr(fake.world.posts[post], "deleted", True), "mention-gone"),
        (lambda fake, post: fake.world.suspended.add(fake.world.posts[post].author), "suspended"),
        (lambda fake, post: fake.world.protected.add(fake.world.posts[post].author), "protected"),
        (lambda fake, post: fake.world.blocking.add(fake.world.posts[post].author), "blocked"),
        (
            lambda fake, _: fake.faults.add(
                XFault(
                    "POST /2/tweets", 403, {"detail": "Reply to this conversation is not allowed"}
                )
            ),
            "reply-forbidden",
        ),
    ],
)
def test_what_forbids_an_answer_ends_the_job_with_its_own_reason(
    fake: FakeX,
    worker: DeliveryWorker,
    mention: str,
    happens: Callable[[FakeX, str], None],
    reason: str,
) -> None:
    job_id = worker.painted(mention)
    happens(fake, mention)

    job = worker.deliver(job_id)

    assert (job.outcome, job.reason) == (Outcome.UNDELIVERABLE, reason)
    assert answers(fake, mention) == []


@pytest.mark.parametrize("name", problems.OF_THE_WHOLE_BOT)
def test_what_concerns_the_whole_bot_or_is_unknown_keeps_the_painting(
    fake: FakeX, services: Services, worker: DeliveryWorker, mention: str, name: str
) -> None:
    fake.faults.add(problems.OF_THE_WHOLE_BOT[name].at("POST /2/tweets"))
    job_id = worker.painted(mention)

    job = worker.deliver(job_id)

    assert (job.outcome, job.attempts) == (None, 0)
    assert pause(services) > 0
    services.controls.resume("deliver", "x")
    job = worker.deliver(job_id)
    assert job.outcome is Outcome.ANSWERED
    assert len(answers(fake, mention)) == 1
    # The pictures were uploaded once.
    assert fake.count("POST /2/media/upload/initialize") == 1


@pytest.mark.parametrize("reason", problems.OF_THIS_ANSWER)
def test_what_concerns_one_answer_ends_its_job_only(
    fake: FakeX, services: Services, worker: DeliveryWorker, mention: str, reason: str
) -> None:
    fake.faults.add(problems.OF_THIS_ANSWER[reason].at("POST /2/tweets"))

    job = worker.deliver(worker.painted(mention))

    assert (job.outcome, job.reason) == (Outcome.UNDELIVERABLE, reason)
    assert pause(services) <= 0


@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("POST /2/media/upload/initialize", problems.BLOCKED),
        ("POST /2/media/upload/", problems.GONE),
        ("GET /2/users/1000/tweets", problems.SUSPENDED_AUTHOR),
    ],
)
def test_words_about_a_post_end_no_job_where_they_are_about_another_call(
    fake: FakeX,
    services: Services,
    worker: DeliveryWorker,
    mention: str,
    where: str,
    problem: problems.XProblem,
) -> None:
    fake.faults.add(XFault("POST /2/tweets", 503))
    fake.faults.add(problem.at(where))
    job_id = worker.painted(mention)

    for _ in range(3):
        job = worker.deliver(job_id)
        services.controls.resume("deliver", "x")

    assert job.outcome is Outcome.ANSWERED
    assert len(answers(fake, mention)) == 1


def test_a_refused_look_at_the_own_posts_is_not_taken_for_an_answer_that_is_missing(
    fake: FakeX, services: Services, worker: DeliveryWorker, mention: str
) -> None:
    fake.faults.add(XFault("POST /2/tweets", after=True))
    hidden = {"errors": [{"title": "Authorization Error", "detail": "Sorry, you may not see it."}]}
    fake.faults.add(XFault("GET /2/users/1000/tweets", 200, hidden))
    job_id = worker.painted(mention)

    for _ in range(3):
        job = worker.deliver(job_id)
        services.controls.resume("deliver", "x")

    assert job.outcome is Outcome.ANSWERED
    assert len(answers(fake, mention)) == 1


def test_an_hour_of_outage_loses_and_repeats_nothing(
    fake: FakeX, services: Services, worker: DeliveryWorker
) -> None:
    mentions = [fake.world.post(f"fan{n}", "@suisai please") for n in range(3)]
    job_ids = [worker.painted(mention) for mention in mentions]
    # More failures than the ledger bears of any other kind, every third one after X made the post.
    for n in range(30):
        fake.faults.add(XFault("POST /2/tweets", 503, after=n % 3 == 0))

    deadline = time.monotonic() + 60
    while any(services.ledger.job(id_).outcome is None for id_ in job_ids):
        assert time.monotonic() < deadline
        services.controls.resume("deliver", "x")
        worker.deliver_next()

    jobs = [services.ledger.job(id_) for id_ in job_ids]
    assert {job.outcome for job in jobs} == {Outcome.ANSWERED}
    assert [len(answers(fake, mention)) for mention in mentions] == [1, 1, 1]
    assert fake.count("POST /2/media/upload/initialize") == 3


def test_a_post_that_x_always_refuses_does_not_block_others(
    fake: FakeX, services: Services, worker: DeliveryWorker, mention: str
) -> None:
    bad, good = (
        worker.painted(mention),
        worker.painted(fake.world.post("ben", "@suisai"), person="1002"),
    )
    fake.faults.add(problems.UNKNOWN_403.at("POST /2/tweets"))
    worker.deliver_next()
    services.controls.resume("deliver", "x")

    assert worker.deliver_next().id == good

    assert services.ledger.job(bad).outcome is None
    assert services.ledger.job(good).outcome is Outcome.ANSWERED


def test_words_that_x_has_heard_are_said_with_the_time(
    fake: FakeX, worker: DeliveryWorker, mention: str
) -> None:
    second = fake.world.post("ann", "@suisai and this")

    jobs = [worker.deliver(worker.apologised(each)) for each in (mention, second)]

    assert {job.outcome for job in jobs} == {Outcome.APOLOGISED}
    (first,), (other,) = answers(fake, mention), answers(fake, second)
    assert other.text.startswith(first.text)
    assert other.text.endswith("UTC)")


def test_a_refused_description_does_not_keep_the_painting_back(
    fake: FakeX, worker: DeliveryWorker, mention: str
) -> None:
    fake.faults.add(XFault("POST /2/media/metadata", 403, {"detail": "No description today."}))

    job = worker.deliver(worker.painted(mention))

    assert job.outcome is Outcome.ANSWERED
    assert job.platform_data["undescribed"] == job.platform_data["media"]
    assert fake.count("POST /2/media/upload/initialize") == 1


def test_pictures_that_x_has_lost_are_uploaded_again(
    fake: FakeX, services: Services, worker: DeliveryWorker, mention: str
) -> None:
    fake.faults.add(problems.MEDIA_INVALID.at("POST /2/tweets"))
    job_id = worker.painted(mention)
    worker.deliver(job_id)
    services.controls.resume("deliver", "x")

    assert worker.deliver(job_id).outcome is Outcome.ANSWERED
    assert fake.count("POST /2/media/upload/initialize") == 2


def pause(services: Services) -> float:
    return services.controls.paused().get("deliver:x", 0.0) - time.time()


@pytest.mark.parametrize(
    ("fault", "least_s", "most_s"),
    [
        (XFault("POST /2/tweets", 429, {}, {"x-rate-limit-reset": "RESET"}), 590, 601),
        (XFault("POST /2/tweets", 429, {}, {"x-rate-limit-reset": "1000"}), 290, 301),
        (XFault("POST /2/tweets", 429, {}), 290, 301),
        (XFault("POST /2/tweets", 402, {"title": "CreditsDepleted"}), 290, 301),
        (XFault("POST /2/media/upload", 429, {}), 290, 301),
        (XFault("POST /2/tweets", 403, {"detail": "Your account is suspended"}), 290, 301),
        (XFault("POST /2/tweets", 401, {"detail": "no"}, times=2), 290, 301),
    ],
)
def test_what_stops_the_whole_bot_pauses_it_and_costs_no_try(
    fake: FakeX,
    services: Services,
    worker: DeliveryWorker,
    mention: str,
    fault: XFault,
    least_s: int,
    most_s: int,
) -> None:
    headers = {k: v.replace("RESET", str(int(time.time()) + 600)) for k, v in fault.headers.items()}
    fake.faults.add(XFault(fault.where, fault.status, fault.body, headers, fault.times))
    job_id = worker.painted(mention)

    job = worker.deliver(job_id)

    assert (job.outcome, job.attempts) == (None, 0)
    assert least_s <= pause(services) <= most_s
    services.controls.resume("deliver", "x")
    assert worker.deliver(job_id).outcome is Outcome.ANSWERED
    assert len(answers(fake, mention)) == 1


def test_the_operator_is_told_what_only_the_operator_can_mend(
    fake: FakeX, services: Services, worker: DeliveryWorker, mention: str
) -> None:
    fake.faults.add(XFault("POST /2/tweets", 402, {"detail": "no credits left"}))
    job_id = worker.painted(mention)

    worker.deliver(job_id)
    assert list(services.controls.paused()) == ["deliver:x"]
    assert "no credits left" in (services.kv("x").get("notice") or "")

    services.controls.resume("deliver", "x")
    worker.deliver(job_id)
    assert services.kv("x").get("notice") is None


def test_an_x_that_is_down_pauses_and_keeps_the_picture(
    services: Services,
    worker: DeliveryWorker,
    mention: str,
    monkeypatch: pytest.MonkeyPatch,
    fake: FakeX,
) -> None:
    job_id = worker.painted(mention)
    # As an operator has it: the short pause of other tests may be over before it is looked at.
    monkeypatch.setenv("SUISAI_X_RETRY_S", "15")
    down = DeliveryWorker(services, {"x": platform_at(services, "http://127.0.0.1:9", monkeypatch)})

    job = down.deliver(job_id)

    assert (job.outcome, job.attempts) == (None, 0)
    assert services.blobs.get(f"pictures/{job_id}/0") == picture()
    assert 0 < pause(services) <= 16


def test_the_101st_answer_in_15_minutes_waits(
    fake: FakeX, services: Services, worker: DeliveryWorker, mention: str
) -> None:
    pacer = services.rate_limiter("x")
    quota = XPlatform(services).quota()
    assert [pacer.take([("x", quota)]) for _ in range(100)] == [0.0] * 100

    job = worker.deliver(worker.painted(mention))

    assert (job.outcome, job.attempts) == (None, 0)
    assert 800 < pause(services) <= 901
    assert fake.count("POST /2/tweets") == 0


def test_a_person_forgotten_meanwhile_gets_no_answer(
    fake: FakeX, services: Services, worker: DeliveryWorker, mention: str
) -> None:
    job_id = worker.painted(mention)
    job = services.ledger.job(job_id)
    services.users.forget("x", job.request.person)

    with pytest.raises(Undeliverable):
        XPlatform(services).answer(job, Painting((b"\xff\xd8\xff",)))
    assert answers(fake, mention) == []


def test_an_answer_can_be_taken_back(
    fake: FakeX, services: Services, worker: DeliveryWorker, mention: str
) -> None:
    job = worker.deliver(worker.painted(mention))

    XPlatform(services).retract(job.receipt)
    XPlatform(services).retract(job.receipt)

    assert answers(fake, mention) == []


def test_a_photo_is_fetched_in_a_size_that_is_large_enough(
    fake: FakeX, services: Services, worker: DeliveryWorker, mention: str
) -> None:
    photo = PhotoRef(fake.world.file("cat.jpg", b"a photo"))
    job = services.ledger.job(worker.painted(mention))
    assert XPlatform(services).fetch(job, photo) == b"a photo"
    assert job_id_of("x", mention) == job.id


def platform_at(services: Services, url: str, monkeypatch: pytest.MonkeyPatch) -> XPlatform:
    monkeypatch.setenv("SUISAI_X_API_URL", url)
    return XPlatform(services)
