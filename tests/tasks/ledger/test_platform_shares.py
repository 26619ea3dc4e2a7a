"""Platforms get equal shares of the workers: a flood on one at most doubles the waits on the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tasks.models import Claim, Stage
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest

Bring = Callable[[Stage], None]


@pytest.fixture
def bring(driver: LedgerDriver) -> Bring:
    """Moves every job to a stage."""

    def to(stage: Stage) -> None:
        if stage is not Stage.FETCH:
            for claim in all_claims(driver, Stage.FETCH):
                driver.ledger.transitions.fetched(claim, ["photo"], "square")
        if stage is Stage.DELIVER:
            for claim in all_claims(driver, Stage.RENDER):
                driver.ledger.transitions.painted(claim, ["picture"])

    return to


def all_claims(driver: LedgerDriver, stage: Stage) -> list[Claim]:
    found: list[Claim] = []
    while claims := driver.claim(stage):
        found += claims
    return found


def order(driver: LedgerDriver, stage: Stage, count: int) -> list[str]:
    """Claim one job after the other; return their platforms."""
    return [driver.take(stage).job.request.platform for _ in range(count)]


@pytest.mark.parametrize("stage", Stage)
def test_the_kth_job_of_a_quiet_platform_is_among_the_first_2k(
    driver: LedgerDriver, make_request: MakeRequest, bring: Bring, stage: Stage
) -> None:
    for n in range(60):
        driver.admit(make_request(private=True, platform="web", person=f"stranger-{n}"))
    for n in range(10):
        driver.admit(make_request(private=True, platform="telegram", person=f"friend-{n}"))
    bring(stage)

    claimed = order(driver, stage, 40)

    for k in range(1, 11):
        assert claimed[: 2 * k].count("telegram") >= k
    assert claimed.count("telegram") == 10


def test_with_three_platforms_a_flood_on_one_costs_the_others_a_third(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for platform, jobs in (("web", 60), ("x", 20), ("telegram", 20)):
        for n in range(jobs):
            driver.admit(make_request(private=True, platform=platform, person=f"{platform}-{n}"))

    claimed = order(driver, Stage.FETCH, 60)

    for k in range(1, 21):
        for platform in ("x", "telegram"):
            assert claimed[: 3 * k].count(platform) >= k


def test_an_unused_share_goes_to_the_other_platforms(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for n in range(20):
        driver.admit(make_request(private=True, platform="web", person=f"p{n}"))
    assert order(driver, Stage.FETCH, 20) == ["web"] * 20


def test_a_platform_without_jobs_accumulates_no_credit(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for n in range(40):
        driver.admit(make_request(private=True, platform="web", person=f"a{n}"))
    order(driver, Stage.FETCH, 30)
    for n in range(30):
        driver.admit(make_request(private=True, platform="telegram", person=f"b{n}"))

    claimed = order(driver, Stage.FETCH, 20)

    assert 9 <= claimed.count("web") <= 11


def test_a_batch_is_filled_with_photos_of_the_same_shape_from_other_platforms(
    driver: LedgerDriver, make_request: MakeRequest, bring: Bring
) -> None:
    for platform in ("web", "telegram", "x"):
        for n in range(2):
            driver.admit(make_request(private=True, platform=platform, person=f"{platform}-{n}"))
    bring(Stage.RENDER)
    batch = driver.claim(Stage.RENDER, most=5)
    assert len(batch) == 5
    assert {claim.job.request.platform for claim in batch} == {"web", "telegram", "x"}


def test_painting_can_be_paused_for_one_platform(
    driver: LedgerDriver, make_request: MakeRequest, bring: Bring
) -> None:
    driver.admit(make_request(private=True, platform="x"))
    driver.admit(make_request(private=True, platform="web"))
    bring(Stage.RENDER)
    driver.services.controls.pause("render", "x")

    assert [claim.job.request.platform for claim in driver.claim(Stage.RENDER, most=8)] == ["web"]

    driver.services.controls.resume("render", "x")
    assert [claim.job.request.platform for claim in driver.claim(Stage.RENDER, most=8)] == ["x"]


def test_the_position_on_a_quiet_platform_ignores_the_flood_on_another(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for n in range(200):
        driver.admit(make_request(private=True, platform="web", person=f"stranger-{n}"))
    flooded = driver.ledger.admit(make_request(private=True, platform="web", person="last"))
    first = driver.ledger.admit(make_request(private=True, platform="telegram", person="ann"))
    second = driver.ledger.admit(make_request(private=True, platform="telegram", person="bob"))

    assert [flooded.position, first.position, second.position] == [201, 1, 3]  # type: ignore[union-attr] # admitted
    assert first.wait_s < flooded.wait_s / 10  # type: ignore[union-attr]
