"""A request is admitted, or refused without a cost for the person."""

from __future__ import annotations

import threading

import pytest

from tasks.models import Admitted, Refused, Stage
from tasks.settings import Limits, LimitsOverride
from tests.tasks.ledger_driver import LedgerDriver, MakeDriver, MakeRequest

DAY_S = 86_400


def test_the_first_request_has_position_one(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    answer = driver.ledger.admit(make_request())
    assert isinstance(answer, Admitted)
    assert (answer.position, answer.duplicate) == (1, False)
    assert answer.wait_s > 0
    assert driver.job(answer.job_id).promised_wait_s == answer.wait_s


def test_a_repeated_event_is_one_job(driver: LedgerDriver, make_request: MakeRequest) -> None:
    first = driver.ledger.admit(make_request("post-1"))
    again = driver.ledger.admit(make_request("post-1"))
    assert isinstance(first, Admitted)
    assert isinstance(again, Admitted)
    assert again.duplicate
    assert again.job_id == first.job_id
    assert driver.ledger.open_jobs("web", "ann") == (first.job_id,)


def test_two_concurrent_admissions_of_one_event_give_one_job(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    answers: list[Admitted | Refused] = []
    messengers = [
        threading.Thread(target=lambda: answers.append(driver.ledger.admit(make_request("post-1"))))
        for _ in range(8)
    ]
    for messenger in messengers:
        messenger.start()
    for messenger in messengers:
        messenger.join()
    assert [answer.duplicate for answer in answers if isinstance(answer, Admitted)].count(
        False
    ) == 1
    assert len(answers) == 8
    assert len(driver.claim(Stage.FETCH, 8)) == 1


def test_an_event_that_is_repeated_after_its_answer_is_not_painted_again(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request("post-1"))
    driver.whole()
    again = driver.ledger.admit(make_request("post-1"))
    assert isinstance(again, Admitted)
    assert again.duplicate
    assert driver.claim(Stage.FETCH) == []


def test_a_cooldown_refuses_with_its_end(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=600))
    driver.admit(make_request())
    refusal = driver.refuse(make_request())
    assert refusal.reason == "cooldown"
    assert 590 < refusal.until - driver.ledger.now() <= 600


def test_a_refusal_does_not_count_towards_the_quota(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=0, daily_quota=2))
    paused = driver_with(limits=Limits(cooldown_s=0, daily_quota=2, max_wait_s=0.001))
    for _ in range(5):
        assert paused.refuse(make_request()).reason == "too-busy"
    driver.admit(make_request())
    driver.admit(make_request())
    assert driver.refuse(make_request()).reason == "quota"


def test_the_daily_quota_is_reset_at_midnight(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=0, daily_quota=1))
    driver.admit(make_request())
    refusal = driver.refuse(make_request())
    assert refusal.reason == "quota"
    assert refusal.until % DAY_S == 0
    assert 0 < refusal.until - driver.ledger.now() <= DAY_S


def test_open_jobs_per_person_are_limited(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=0, open_per_person=2))
    driver.admit(make_request())
    driver.admit(make_request())
    refusal = driver.refuse(make_request())
    assert refusal.reason == "too-many-open"
    assert refusal.until > driver.ledger.now()
    driver.whole()
    driver.admit(make_request())


def test_open_jobs_per_conversation_are_limited(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=0, open_per_conversation=2))
    for person in ("ann", "bob"):
        driver.admit(make_request(person=person))
    assert driver.refuse(make_request(person="cid")).reason == "busy-here"
    driver.admit(make_request(person="cid", conversation="elsewhere"))
    driver.admit(make_request(person="dee", private=True))
    driver.whole()
    driver.admit(make_request(person="eve"))


def test_a_request_over_the_maximum_wait_is_refused(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=0, max_wait_s=30, open_per_conversation=99))
    driver.services.controls.report(Stage.RENDER, "slow", jobs_per_s=0.1, latency_s=1.0)
    admitted = [driver.ledger.admit(make_request(person=f"p{n}")) for n in range(6)]
    kinds = [type(answer) for answer in admitted]
    assert kinds == sorted(kinds, key=lambda kind: kind is Refused), "taken in after a refusal"
    refusal = admitted[-1]
    assert isinstance(refusal, Refused)
    assert refusal.reason == "too-busy"
    assert refusal.until >= driver.ledger.now() + 59


def test_limits_can_differ_per_platform(driver_with: MakeDriver, make_request: MakeRequest) -> None:
    driver = driver_with(
        limits=Limits(cooldown_s=0), platform_limits={"x": LimitsOverride(cooldown_s=600)}
    )
    driver.admit(make_request(platform="x"))
    assert driver.refuse(make_request(platform="x")).reason == "cooldown"
    driver.admit(make_request(platform="web"))
    driver.admit(make_request(platform="web"))


def test_a_subscriber_has_the_limits_of_the_tier(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(
        limits=Limits(cooldown_s=600), tier_limits={"subscriber": LimitsOverride(cooldown_s=0)}
    )
    driver.services.users.set_tier("web", "ann", "subscriber")
    driver.admit(make_request())
    driver.admit(make_request())
    driver.services.users.set_tier("web", "ann", None)
    driver.admit(make_request())
    assert driver.refuse(make_request()).reason == "cooldown"


def test_an_exempt_person_has_no_personal_limits(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=600, daily_quota=1, open_per_person=1))
    driver.services.users.set_tier("web", "ann", "exempt")
    for _ in range(3):
        driver.admit(make_request())
    full = driver_with(limits=Limits(max_wait_s=0.001))
    assert full.refuse(make_request()).reason == "too-busy"


def test_a_banned_person_is_refused_until_unbanned(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.services.users.ban("web", "ann")
    assert driver.refuse(make_request()).reason == "banned"
    driver.admit(make_request(platform="x"))
    driver.services.users.unban("web", "ann")
    driver.admit(make_request())


def test_an_opted_out_person_is_refused_until_they_opt_in(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.services.users.forget("web", "ann", opt_out=True)
    assert driver.refuse(make_request()).reason == "opted-out"
    driver.services.users.opt_in("web", "ann")
    driver.admit(make_request())


def test_the_third_unsafe_photo_pauses_its_person(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    strikes = [driver.services.users.strike("web", "ann") for _ in range(3)]
    assert strikes == [1, 2, 0]
    refusal = driver.refuse(make_request())
    assert refusal.reason == "strikes"
    assert DAY_S - 5 < refusal.until - driver.ledger.now() <= DAY_S


def test_a_paused_intake_refuses_with_the_end_of_the_pause(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    end = driver.ledger.now() + 300
    driver.services.controls.pause("intake", until=end)
    refusal = driver.refuse(make_request())
    assert refusal.reason == "paused"
    assert refusal.until == pytest.approx(end, abs=0.01)
    driver.services.controls.resume("intake")
    driver.admit(make_request())


def test_a_person_is_notified_of_refusals_only_after_a_silence(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.services.controls.pause("intake")
    assert [driver.refuse(make_request()).notify for _ in range(3)] == [True, False, False]
    assert driver.refuse(make_request(person="bob")).notify


def test_a_repeated_refused_event_is_refused_without_notification(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.services.controls.pause("intake")
    first = driver.refuse(make_request("post-1"))
    driver.services.controls.resume("intake")
    again = driver.refuse(make_request("post-1"))
    assert (again.reason, again.notify) == (first.reason, False)


def test_keys_of_refusals_expire(driver: LedgerDriver, make_request: MakeRequest) -> None:
    driver.services.controls.pause("intake")
    lasting = set(driver.services.redis.keys(f"{driver.services.settings.namespace}:*"))
    for number in range(20):
        driver.refuse(make_request(person=f"p{number}"))
    left = set(driver.services.redis.keys(f"{driver.services.settings.namespace}:*")) - lasting
    counts = f"{driver.services.settings.namespace}:counts"
    assert all(0 < driver.services.redis.ttl(key) <= 120 for key in left - {counts})
