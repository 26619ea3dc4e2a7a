"""What an operator asks of a running bot, by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from bots.cli import app
from bots.commands.refusals import InputRefused
from tasks.contract import Stage
from tasks.services import Services
from tasks.settings import Settings
from tasks.spans import trace_id
from tests.stack import environment_of
from tests.tasks.hands import Hands, MakeAsk

Suisai = Callable[..., Result]


@pytest.fixture
def hands(services: Services) -> Hands:
    """Plays people and workers on the bot's ledger."""
    return Hands(services)


@pytest.fixture
def suisai(settings: Settings) -> Suisai:
    """Runs `suisai WORDS` against the test's ledger."""
    return lambda *words: CliRunner().invoke(app, list(words), env=environment_of(settings))


@pytest.fixture
def given_up(hands: Hands, ask: MakeAsk) -> str:
    """A job whose answer could not be sent."""
    job_id = hands.admit(ask())
    hands.fetch()
    hands.paint()
    hands.ledger.fail(hands.take(Stage.DELIVER), "send-failed", most=1)
    return job_id


def test_a_job_that_was_given_up_is_listed_shown_and_tried_again(
    hands: Hands, given_up: str, suisai: Suisai
) -> None:
    assert "send-failed" in suisai("dead", "list").output
    assert "undeliverable" in suisai("dead", "show", given_up).output
    assert suisai("dead", "retry", given_up).exit_code == 0
    assert hands.whole().job.id == given_up
    assert isinstance(suisai("dead", "retry", given_up).exception, InputRefused)


def test_a_job_that_was_given_up_is_dropped(given_up: str, suisai: Suisai) -> None:
    assert suisai("dead", "drop", given_up).exit_code == 0
    assert isinstance(suisai("dead", "drop", given_up).exception, InputRefused)


def test_a_job_names_its_trace_where_traces_are_drawn(
    hands: Hands, settings: Settings, ask: MakeAsk
) -> None:
    job_id = hands.admit(ask())
    drawing = settings.model_copy(update={"otlp_endpoint": "http://127.0.0.1:4318"})

    plain, traced = (
        CliRunner().invoke(app, ["job", job_id], env=environment_of(each)).output
        for each in (settings, drawing)
    )

    assert "trace" not in plain
    assert f"trace: {trace_id(job_id)}" in traced


def test_a_record_that_cannot_be_read_is_named(
    hands: Hands, settings: Settings, ask: MakeAsk, suisai: Suisai
) -> None:
    job_id = hands.admit(ask())
    hands.services.redis.hset(f"{settings.namespace}:job:{job_id}", "ask", "{")
    assert hands.claim(Stage.FETCH) == []
    assert "corrupt-record" in suisai("dead", "list").output
    shown = suisai("dead", "show", job_id)
    assert isinstance(shown.exception, InputRefused)
    assert job_id in str(shown.exception)


def test_a_stage_of_one_platform_is_paused_and_resumed(
    hands: Hands, ask: MakeAsk, suisai: Suisai
) -> None:
    hands.admit(ask())
    suisai("pause", "fetch", "--platform", "web")
    assert hands.claim(Stage.FETCH) == []
    suisai("resume", "fetch", "--platform", "web")
    assert len(hands.claim(Stage.FETCH)) == 1


def test_an_operators_pause_outlives_a_platforms_rest(
    hands: Hands, ask: MakeAsk, suisai: Suisai
) -> None:
    hands.admit(ask())
    suisai("pause", "fetch", "--platform", "web")
    hands.services.switches.pause(Stage.FETCH, "web", until=hands.ledger.now() - 1)
    assert hands.claim(Stage.FETCH) == []


def test_a_person_is_banned_exempted_and_forgotten(
    hands: Hands, ask: MakeAsk, suisai: Suisai
) -> None:
    suisai("ban", "web:ann")
    assert hands.refuse(ask()).reason == "banned"
    suisai("unban", "web:ann")
    assert suisai("exempt", "web:ann").exit_code == 0
    hands.admit(ask())
    suisai("forget", "web:ann", "--opt-out")
    assert hands.refuse(ask()).reason == "opted-out"
    assert suisai("opt-in", "web:ann").exit_code == 0
    hands.admit(ask())
    assert isinstance(suisai("opt-in", "web:ann").exception, InputRefused)
    assert isinstance(suisai("ban", "ann").exception, InputRefused)
