"""Which painting worker gets which job: by tier, as a canary, and never one that is drained."""

from __future__ import annotations

import pytest

from tasks.ledger.records import job_id_of
from tasks.models import Stage
from tasks.routing import PaintingWorker, in_share, model_for, models_of_gpus, queues_of, stage_of
from tasks.services import open_services
from tasks.settings import Canary, Settings
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest

FAST = PaintingWorker("diffusion", "fast", "diffusion/fast-1")
BEST = PaintingWorker("diffusion", "best", "diffusion/best-1")
TIERS = {"everybody": "fast", "subscriber": "best"}


def routed(driver: LedgerDriver, make_request: MakeRequest, model: str, paint_key: str = "") -> str:
    """Bring a job that is routed to a model before `render`; return its id."""
    job_id = driver.admit(make_request())
    claim = driver.take(Stage.FETCH)
    driver.ledger.transitions.fetched(claim, ["photos/1"], "3:2", paint_key, model=model)
    return job_id


def test_a_tier_has_its_model_and_the_others_that_of_everybody(settings: Settings) -> None:
    tiered = settings.model_copy(update={"tier_models": TIERS})

    assert model_for(tiered, "subscriber", "job") == "best"
    assert model_for(tiered, None, "job") == "fast"
    assert model_for(tiered, "press", "job") == "fast"
    assert model_for(settings, "subscriber", "job") == ""


def test_a_tier_without_a_model_takes_any_where_everybody_has_none(settings: Settings) -> None:
    tiered = settings.model_copy(update={"tier_models": {"subscriber": "best"}})

    assert model_for(tiered, None, "job") == ""


def test_a_canary_gets_its_share_of_the_jobs_whoever_asks(settings: Settings) -> None:
    update = {"tier_models": TIERS, "canary": Canary(model="new", share=0.05)}
    tiered = settings.model_copy(update=update)
    jobs = [job_id_of("web", f"event {number}") for number in range(20_000)]

    models = [model_for(tiered, "subscriber", job) for job in jobs]

    assert 0.04 < models.count("new") / len(jobs) < 0.06
    assert models == [model_for(tiered, "subscriber", job) for job in jobs], "a retry stays with it"
    assert all(in_share(job, 0.1) for job in jobs if in_share(job, 0.05)), (
        "a larger share adds jobs"
    )


@pytest.mark.parametrize("share", ["0", "1", "nan", "-0.1"])
def test_a_share_is_between_none_and_all(share: str) -> None:
    with pytest.raises(ValueError, match="share"):
        Canary.model_validate({"model": "new", "share": share})


def test_the_cards_of_a_machine_share_the_models_of_the_tiers(settings: Settings) -> None:
    update = {"tier_models": TIERS, "canary": Canary(model="new", share=0.05)}
    tiered = settings.model_copy(update=update)

    assert models_of_gpus(tiered, 4) == ["fast", "best", "new", "fast"]
    assert models_of_gpus(settings, 2) == ["auto", "auto"]


def test_only_workers_with_the_model_take_its_jobs(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.services.routing.announce("host:1:aa", FAST)
    driver.services.routing.announce("host:2:bb", BEST)
    job_id = routed(driver, make_request, "best")

    assert driver.claim(Stage.RENDER, worker="host:1:aa") == []
    assert driver.take(Stage.RENDER, worker="host:2:bb").job.id == job_id
    assert driver.job(job_id).model == "best"


def test_a_worker_passes_over_jobs_of_others_to_its_own(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.services.routing.announce("host:1:aa", FAST)
    driver.services.routing.announce("host:2:bb", BEST)
    for _ in range(3):
        routed(driver, make_request, "best")
    mine = [routed(driver, make_request, "fast"), routed(driver, make_request, "")]

    taken = [driver.take(Stage.RENDER, worker="host:1:aa").job.id for _ in mine]

    assert sorted(taken) == sorted(mine)
    assert driver.claim(Stage.RENDER, worker="host:1:aa") == []


def test_a_batch_holds_jobs_of_one_model(driver: LedgerDriver, make_request: MakeRequest) -> None:
    driver.services.routing.announce("host:1:aa", FAST)
    driver.services.routing.announce("host:2:bb", BEST)
    for model in ("fast", "best", "fast"):
        routed(driver, make_request, model)

    claims = driver.claim(Stage.RENDER, 8, "host:1:aa")

    assert [claim.job.model for claim in claims] == ["fast", "fast"]


@pytest.mark.parametrize("why", ["never", "stale", "left", "drained"])
def test_a_job_whose_model_has_no_living_worker_goes_to_another(
    driver: LedgerDriver, make_request: MakeRequest, why: str
) -> None:
    routing = driver.services.routing
    routing.announce("host:1:aa", FAST)
    if why == "stale":
        routing.announce("host:2:bb", BEST, stale_s=-1)
    elif why != "never":
        routing.announce("host:2:bb", BEST)
        job_id = routed(driver, make_request, "best")
        assert driver.claim(Stage.RENDER, worker="host:1:aa") == []
    if why == "left":
        routing.leave("host:2:bb")
    elif why == "drained":
        routing.drain("host:2", "wait")
    if why in ("never", "stale"):
        job_id = routed(driver, make_request, "best")

    claim = driver.take(Stage.RENDER, worker="host:1:aa")

    assert claim.job.id == job_id
    edition, model = FAST.edition, FAST.model
    driver.ledger.transitions.painted(claim, ["pictures/1"], edition, model=model)
    counts = driver.services.controls.counts()
    assert counts["model-routed:best"] == counts["model-missed:best"] == 1
    assert counts["model-painted:fast"] == 1
    painted = next(event for event in driver.job(job_id).history if event.event == "painted")
    assert painted.detail == "diffusion/fast-1"


def test_a_job_of_a_dead_model_can_be_claimed_where_nobody_announced_anything(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = routed(driver, make_request, "best")

    assert driver.take(Stage.RENDER).job.id == job_id


def test_failed_attempts_are_counted_for_the_model_that_tried(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.services.routing.announce("host:1:aa", FAST)
    routed(driver, make_request, "")
    driver.ledger.transitions.fail(driver.take(Stage.RENDER, "host:1:aa"), "engine-failed", 3)
    driver.skip_pauses()
    driver.expire(driver.take(Stage.RENDER, "host:1:aa"))

    assert driver.services.controls.counts()["model-failed:fast"] == 2


def test_a_picture_of_a_substitute_is_not_given_to_those_who_ask_once_the_model_is_back(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    routing = driver.services.routing
    routing.announce("host:1:aa", FAST)
    routed(driver, make_request, "best", "key")
    claim = driver.take(Stage.RENDER, worker="host:1:aa")
    driver.ledger.transitions.painted(claim, ["pictures/1"], FAST.edition, model=FAST.model)
    meanwhile = routed(driver, make_request, "best", "key")
    assert driver.job(meanwhile).pictures == ("pictures/1",)

    routing.announce("host:2:bb", BEST)
    later = routed(driver, make_request, "best", "key")

    assert driver.job(later).stage is Stage.RENDER


def test_pictures_of_both_versions_are_reused_while_both_paint(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    newer = PaintingWorker("diffusion", "fast", "diffusion/fast-2")
    for number, (worker, painting) in enumerate({"h:1:aa": FAST, "h:2:bb": newer}.items()):
        driver.services.routing.announce(worker, painting)
        routed(driver, make_request, "fast", f"key {number}")
        claim = driver.take(Stage.RENDER, worker=worker)
        driver.ledger.transitions.painted(claim, [f"pictures/{number}"], painting.edition)

    again = [routed(driver, make_request, "fast", f"key {number}") for number in range(2)]

    assert [driver.job(job).pictures for job in again] == [("pictures/0",), ("pictures/1",)]


@pytest.mark.parametrize("stage", [Stage.FETCH, Stage.RENDER])
def test_a_drained_process_claims_nothing_and_keeps_what_it_holds(
    driver: LedgerDriver, make_request: MakeRequest, stage: Stage
) -> None:
    for _ in range(2):
        driver.admit(make_request())
        if stage is Stage.RENDER:
            driver.fetch()
    held = driver.take(stage, worker="host:1:aa")

    driver.services.routing.drain("host:1", "wait")

    assert driver.claim(stage, worker="host:1:aa") == []
    assert driver.ledger.renew([held]) == set(), "it goes on with what it holds"
    assert driver.services.routing.holds_jobs("host:1:aa")
    assert len(driver.claim(stage, worker="host:2:bb")) == 1
    assert driver.services.routing.undrain("host:1")
    driver.ledger.transitions.release(held, "stopping")
    assert not driver.services.routing.holds_jobs("host:1:aa")
    assert len(driver.claim(stage, worker="host:1:aa")) == 1


def test_a_wake_up_goes_to_a_queue_whose_workers_may_take_the_job(
    settings: Settings, make_request: MakeRequest
) -> None:
    woken: list[str] = []
    driver = LedgerDriver(open_services(settings, woken.append))
    driver.services.routing.announce("host:2:bb", BEST)
    routed(driver, make_request, "best")
    assert woken[-1] == "render.best"
    assert woken[-1] in queues_of(BEST)
    assert stage_of(woken[-1]) is Stage.RENDER

    driver.services.redis.delete(f"{settings.namespace}:wake:render.best")
    driver.services.routing.leave("host:2:bb")
    woken.clear()
    driver.ledger.sweep()

    assert woken[-1] == "render", "any worker may take it now"
    driver.services.redis.close()


def test_a_worker_that_may_not_take_a_job_wakes_those_that_may(
    settings: Settings, make_request: MakeRequest
) -> None:
    woken: list[str] = []
    driver = LedgerDriver(open_services(settings, woken.append))
    routed(driver, make_request, "best")  # no worker has it: all workers are woken
    driver.services.routing.announce("host:1:aa", FAST)
    driver.services.routing.announce("host:2:bb", BEST)
    woken.clear()

    claims = driver.ledger.claim(Stage.RENDER, 1, "host:1:aa")

    assert (claims, claims.more) == ([], False)
    assert woken == ["render.best"]
    driver.services.redis.close()


@pytest.mark.parametrize("fleet", [[FAST], [BEST], [FAST, BEST], [FAST, FAST]])
def test_any_fleet_paints_everything(
    driver: LedgerDriver, make_request: MakeRequest, fleet: list[PaintingWorker]
) -> None:
    jobs = {
        routed(driver, make_request, model)
        for model in ("", "fast", "best", "new")
        for _ in range(3)
    }
    workers = [f"host:{number}:aa" for number in range(len(fleet))]
    for worker, painting in zip(workers, fleet, strict=True):
        driver.services.routing.announce(worker, painting)

    taken = {
        claim.job.id
        for _ in jobs
        for worker in workers
        for claim in driver.claim(Stage.RENDER, 1, worker)
    }

    assert taken == jobs
