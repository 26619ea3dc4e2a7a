"""What is drawn of tries, batches and ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from tasks.models import Outcome, PaintRequest, Stage
from tasks.services import Services
from tasks.telemetry.spans import trace_id
from tests.fakes.otlp_collector import OtlpCollector
from tests.stack import Stack
from tests.tasks.hands import Hands

MakeAsk = Callable[..., PaintRequest]


def test_those_who_were_painted_together_are_linked(
    services: Services, collector: OtlpCollector, hands: Hands, ask: MakeAsk
) -> None:
    ids = {hands.admit(ask(person=person)) for person in ("ann", "bob", "cem")}
    for _ in ids:
        hands.fetch()
    claims = hands.claim(Stage.RENDER, most=3)
    with services.traces.working(claims):
        for claim in claims:
            services.ledger.transitions.painted(claim, [f"pictures/{claim.job.id}.jpg"])
    services.traces.close()

    painted = {span.trace: span for span in collector.seen("render")}
    assert set(painted) == set(map(trace_id, ids))
    for trace, span in painted.items():
        assert set(span.links) == {
            (other, painted[other].id) for other in painted if other != trace
        }
        assert span.says["suisai.batch_size"] == 3


def test_a_try_that_came_to_nothing_is_red_and_the_next_one_is_counted(
    services: Services, collector: OtlpCollector, hands: Hands, ask: MakeAsk
) -> None:
    hands.admit(ask())
    for _ in range(2):
        claim = hands.take(Stage.FETCH)
        with services.traces.working([claim]):
            services.ledger.transitions.fail(claim, "fetch-failed", most=3)
        hands.skip_pauses()
    services.traces.close()

    first, second = collector.seen("fetch")
    assert first.failed
    assert first.says["suisai.reason"] == "fetch-failed"
    assert [span.says["suisai.attempt"] for span in (first, second)] == [1, 2]
    assert first.id != second.id


def test_work_under_a_lost_lease_says_so(
    services: Services, collector: OtlpCollector, hands: Hands, ask: MakeAsk
) -> None:
    hands.admit(ask())
    claim = hands.take(Stage.FETCH)
    with services.traces.working([claim]):
        hands.expire(claim)
        with services.ledger.batch() as steps:
            steps.release(claim, "stopping")
    services.traces.close()

    (fetch,) = collector.seen("fetch")
    assert fetch.says["suisai.outcome"] == "lease-lost"
    assert fetch.failed


def test_every_end_draws_the_whole_way(
    services: Services, collector: OtlpCollector, hands: Hands, ask: MakeAsk
) -> None:
    dropped, given_up, answered = (hands.admit(ask(event=event)) for event in "abc")
    services.ledger.cancel(dropped)
    hands.fetch()
    hands.paint()
    services.ledger.transitions.fail(hands.take(Stage.DELIVER), "send-failed", most=1)
    hands.whole()
    services.traces.close()

    roots = {span.trace: span for span in collector.seen("job")}
    assert {trace: span.says["suisai.outcome"] for trace, span in roots.items()} == {
        trace_id(dropped): Outcome.CANCELLED,
        trace_id(given_up): Outcome.UNDELIVERABLE,
        trace_id(answered): Outcome.ANSWERED,
    }
    assert [trace for trace, span in roots.items() if span.failed] == [trace_id(given_up)]


def test_an_end_that_is_drawn_twice_is_the_same_end(
    services: Services, collector: OtlpCollector, hands: Hands, ask: MakeAsk
) -> None:
    job_id = hands.admit(ask())
    hands.whole()
    services.traces.ended(hands.job(job_id))
    services.traces.close()

    once, twice = collector.seen("job")
    assert once == twice


def test_an_event_that_comes_twice_is_admitted_once(
    services: Services, collector: OtlpCollector, hands: Hands, ask: MakeAsk
) -> None:
    hands.admit(ask(event="one"))
    hands.admit(ask(event="one"))
    services.traces.close()

    assert len(collector.seen("admit")) == 1


_LOOK = """
import sys
{before}
from bots.commands.bootstrap import open_process
services = open_process()
{after}
"""


def loaded(stack: Stack, before: str, after: str) -> subprocess.CompletedProcess[str]:
    script = _LOOK.format(before=before, after=after)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=stack.environment,
        capture_output=True,
        text=True,
        check=True,
    )


def test_whoever_wants_no_traces_loads_nothing_for_them(stack: Stack) -> None:
    del stack.environment["OTEL_EXPORTER_OTLP_ENDPOINT"]
    # redis-py looks for OpenTelemetry's metrics by itself.
    ours = "('tasks.telemetry.otlp', 'opentelemetry.exporter', 'opentelemetry.sdk.trace.export')"

    done = loaded(stack, "", f"print([name for name in {ours} if name in sys.modules])")

    assert done.stdout == "[]\n"
    assert done.stderr == ""


def test_without_the_extra_the_bot_works_and_says_what_is_missing(stack: Stack) -> None:
    hidden = "sys.modules['opentelemetry'] = None"

    done = loaded(stack, hidden, "print(services.ledger.now() > 0)")

    assert done.stdout == "True\n"
    assert "'traces' is not installed, going on without traces" in done.stderr


@pytest.mark.parametrize("words", ["a person wrote this", "née", "", "x" * 81])
def test_no_text_enters_a_trace(
    services: Services, collector: OtlpCollector, hands: Hands, ask: MakeAsk, words: str
) -> None:
    hands.admit(ask(style=words, platform=words or "web"))
    claim = hands.take(Stage.FETCH)
    with services.traces.working([claim]):
        services.ledger.transitions.decline(claim, words, {}, refund=True)
    hands.deliver()
    services.traces.close()

    assert not words or words.encode() not in b"".join(collector.bodies)
    assert collector.has_seen("admit", "fetch", "job")
