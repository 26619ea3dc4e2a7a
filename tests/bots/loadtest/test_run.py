"""A load test against real workers, and its report."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from redis.backoff import NoBackoff
from redis.retry import Retry

from bots.loadtest.platform import generate_photo
from bots.loadtest.report import report_on
from bots.loadtest.run import LoadLog, LoadProfile, run_load_test
from tasks.models import Admitted, PaintRequest, PhotoRef, Stage
from tasks.services import Services, open_services
from tasks.settings import Limits, Settings
from tasks.stats import StageStats, read_stats
from tasks.valkey import EmbeddedValkey
from tests.stack import Stack, eventually

pytestmark = pytest.mark.process


def test_everybody_who_was_accepted_is_answered_once(services: Services, stack: Stack) -> None:
    stack.environment |= {"SUISAI_SAFETY_CHECKS": "[]", "SUISAI_LONG_SIDE_PX": "96"}
    stack.start_workers()
    profile = LoadProfile(people=12, minutes=0.05)

    report = report_on(services, profile, run_load_test(services, profile, threading.Event()))

    assert (report.accepted, report.painted, report.lost, report.doubled) == (12, 12, 0, 0)
    assert report.held
    assert 0 < report.actual_s[0] <= report.actual_s[1]


def test_jobs_without_an_answer_or_with_two_are_counted(services: Services) -> None:
    profile = LoadProfile(people=2, minutes=0.001)
    stop = threading.Event()
    stop.set()
    log = run_load_test(services, profile, stop)
    for event in ("a", "b"):
        outcome = services.ledger.admit(
            PaintRequest("loadtest", event, event, event, (PhotoRef(event),))
        )
        assert isinstance(outcome, Admitted)
        log.admitted.append((0.0, outcome))
    services.kv("loadtest").increment(f"answers:{log.admitted[0][1].job_id}", 2)

    report = report_on(services, profile, log)

    assert (report.lost, report.doubled, report.held) == (1, 1, False)


def test_the_photo_that_everybody_sends_is_painted_once(services: Services, stack: Stack) -> None:
    stack.environment |= {"SUISAI_SAFETY_CHECKS": "[]", "SUISAI_LONG_SIDE_PX": "96"}
    stack.start_workers()
    eventually(services.routing.workers, what="an engine was announced")
    profile = LoadProfile(people=40, minutes=0.01)

    report = report_on(services, profile, run_load_test(services, profile, threading.Event()))

    assert (report.painted, report.lost) == (40, 0)
    assert 0 < report.reused < 20


def test_a_request_without_a_reply_is_sent_again(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey")
    pid = server.ensure()
    settings = Settings(data_dir=tmp_path, redis_url=server.url)  # type: ignore[arg-type] # a secret
    services, profile, log = (
        open_services(settings, lambda _: None),
        LoadProfile(3, 0.001),
        LoadLog(),
    )
    services.redis.set_retry(Retry(NoBackoff(), 0))
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not server.is_alive(), what="the server is gone")

    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_load_test, services, profile, stop, log)
        eventually(lambda: len(log.resent) >= 3, what="all three were sent again")
        server.ensure()
        eventually(lambda: len(log.admitted) == 3, what="all three are admitted")
        stop.set()
        report = report_on(services, profile, running.result())

    assert (report.accepted, report.waiting, report.lost) == (3, 3, 0)
    assert report.resent >= 3
    services.redis.close()
    server.stop()


def test_the_same_name_is_the_same_photo() -> None:
    assert generate_photo("viral") == generate_photo("viral") != generate_photo("another")


def test_refusals_are_counted_by_reason(settings: Settings) -> None:
    narrow = settings.model_copy(update={"limits": Limits(cooldown_s=0, max_wait_s=0.001)})
    services = open_services(narrow, lambda _: None)
    profile = LoadProfile(people=5, minutes=0.001)

    report = report_on(services, profile, run_load_test(services, profile, threading.Event()))

    assert (report.accepted, report.refused) == (0, {"too-busy": 5})
    services.redis.close()


@pytest.mark.parametrize(
    ("done_per_s", "peak", "advice"),
    [
        (10, 25.0, "4 io workers like the present 2"),
        (30, 25.0, "nothing"),
        (0, 25.0, "io workers: none was running"),
    ],
)
def test_what_to_add_comes_from_what_was_done_while_people_waited(
    services: Services, done_per_s: int, peak: float, advice: str
) -> None:
    quiet = read_stats(services)
    line = StageStats({"loadtest": 50}, 0, 1.0, 999.0, 0.1, {"io-1": 500.0, "io-2": 499.0})
    looks = [
        replace(
            quiet,
            at=quiet.at + second,
            stages={**quiet.stages, Stage.FETCH: line},
            counts={"worked:fetch": done_per_s * second},
        )
        for second in range(3)
    ]
    log = LoadLog(sent_s=[n / peak for n in range(int(10 * peak))], samples=[quiet, *looks])

    assert report_on(services, LoadProfile(250, 0.2), log).add.startswith(advice)


def test_the_rate_peaks_after_a_third_of_the_time() -> None:
    arrivals = LoadProfile(people=3000, minutes=3).arrivals()

    thirds = [sum(60 * n <= at < 60 * (n + 1) for at in arrivals) for n in range(3)]
    assert thirds[2] < thirds[0] < 1.3 * thirds[1]
    assert arrivals == sorted(arrivals)
