"""The operator's commands for a running bot."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bots.cli import app
from bots.commands.common import InputRefused
from bots.commands.lazy import MODULES, NEED_THE_BOT
from tasks.models import Stage
from tasks.services import Services
from tasks.settings import Settings
from tests.docs.commands import ROOT
from tests.stack import environment_of
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest

Suisai = Callable[..., Result]


@pytest.fixture
def driver(services: Services) -> LedgerDriver:
    """Acts as people and workers on the bot's ledger."""
    return LedgerDriver(services)


@pytest.fixture
def suisai(settings: Settings) -> Suisai:
    """Runs `suisai WORDS` against the test's ledger."""
    return lambda *words: CliRunner().invoke(app, list(words), env=environment_of(settings))


@pytest.fixture
def given_up(driver: LedgerDriver, make_request: MakeRequest) -> str:
    """A job whose answer could not be sent."""
    job_id = driver.admit(make_request())
    driver.fetch()
    driver.paint()
    driver.ledger.transitions.fail(driver.take(Stage.DELIVER), "send-failed", most=1)
    return job_id


WITHOUT_A_BOT = """
import sys
from bots.cli import main
from bots.commands.lazy import MODULES, NEED_THE_BOT
for name, module in MODULES.items():
    if module in NEED_THE_BOT:
        sys.argv = ["suisai", name, "whatever"]
        print(name, main(), *{"redis", "celery", "numpy", "babel", "httpx"} & set(sys.modules))
"""


@pytest.mark.parametrize("server", ["", "redis://127.0.0.1:1", "unix:///nowhere.sock"])
def test_every_command_for_a_running_bot_says_at_once_that_none_runs(
    server: str, tmp_path: Path
) -> None:
    environment = {"SUISAI_DATA_DIR": str(tmp_path), "SUISAI_REDIS_URL": server}

    done = subprocess.run(
        [sys.executable, "-P", "-c", WITHOUT_A_BOT],
        env={**os.environ, **environment}, cwd=ROOT,
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    needing = [name for name, module in MODULES.items() if module in NEED_THE_BOT]
    slow = " redis" if server else ""  # reads the address
    assert done.stdout.splitlines() == [f"{name} 1{slow}" for name in needing]
    said = done.stderr.splitlines()
    assert len(said) == len(needing)
    assert all(("SUISAI_REDIS_URL" if server else "suisai up") in line for line in said)


def test_help_needs_no_running_bot(tmp_path: Path) -> None:
    for words in (["dead"], ["dead", "--help"], ["status", "-h"]):
        shown = CliRunner().invoke(app, words, env={"SUISAI_DATA_DIR": str(tmp_path)})
        assert "Usage" in shown.output


def test_a_job_that_was_given_up_is_listed_shown_and_tried_again(
    driver: LedgerDriver, given_up: str, suisai: Suisai
) -> None:
    assert "send-failed" in suisai("dead", "list").output
    assert "undeliverable" in suisai("dead", "show", given_up).output
    assert suisai("dead", "retry", given_up).exit_code == 0
    assert driver.whole().job.id == given_up
    assert isinstance(suisai("dead", "retry", given_up).exception, InputRefused)


def test_a_job_that_was_given_up_is_dropped(given_up: str, suisai: Suisai) -> None:
    assert suisai("dead", "drop", given_up).exit_code == 0
    assert isinstance(suisai("dead", "drop", given_up).exception, InputRefused)


def test_a_job_names_its_trace_where_it_is_traced(
    driver: LedgerDriver, make_request: MakeRequest, suisai: Suisai
) -> None:
    job_id = driver.admit(make_request())
    assert "trace" not in suisai("job", job_id).output
    ids = f"{'a' * 32}-{'b' * 16}"
    record = f"{driver.services.settings.namespace}:job:{job_id}"
    driver.services.redis.hset(record, "traceparent", f"00-{ids}-01")
    assert f"trace: {'a' * 32}" in suisai("job", job_id).output


def test_a_record_that_cannot_be_read_is_named(
    driver: LedgerDriver, settings: Settings, make_request: MakeRequest, suisai: Suisai
) -> None:
    job_id = driver.admit(make_request())
    driver.services.redis.hset(f"{settings.namespace}:job:{job_id}", "request", "{")
    assert driver.claim(Stage.FETCH) == []
    assert "corrupt-record" in suisai("dead", "list").output
    shown = suisai("dead", "show", job_id)
    assert isinstance(shown.exception, InputRefused)
    assert job_id in str(shown.exception)


def test_a_stage_of_one_platform_is_paused_and_resumed(
    driver: LedgerDriver, make_request: MakeRequest, suisai: Suisai
) -> None:
    driver.admit(make_request())
    suisai("pause", "fetch", "--platform", "web")
    assert driver.claim(Stage.FETCH) == []
    suisai("resume", "fetch", "--platform", "web")
    assert len(driver.claim(Stage.FETCH)) == 1


def test_everything_is_paused_and_resumed_in_one_word(driver: LedgerDriver, suisai: Suisai) -> None:
    suisai("pause", "all")
    assert set(driver.services.controls.paused()) == {"intake", *Stage}
    suisai("resume", "all")
    assert driver.services.controls.paused() == {}


def test_an_operators_pause_outlasts_a_platforms_pause(
    driver: LedgerDriver, make_request: MakeRequest, suisai: Suisai
) -> None:
    driver.admit(make_request())
    suisai("pause", "fetch", "--platform", "web")
    driver.services.controls.pause(Stage.FETCH, "web", until=driver.ledger.now() - 1)
    assert driver.claim(Stage.FETCH) == []


ANN = "0123456789abcdef01234567"


def test_a_person_is_banned_exempted_and_forgotten(
    driver: LedgerDriver, make_request: MakeRequest, suisai: Suisai
) -> None:
    assert f"Banned: web:{ANN}" in suisai("ban", f"web:{ANN}").output
    assert "Already banned" in suisai("ban", f"web:{ANN}").output
    assert driver.refuse(make_request(person=ANN)).reason == "banned"
    assert "may ask again" in suisai("unban", f"web:{ANN}").output
    assert "was not banned" in suisai("unban", f"web:{ANN}").output
    assert "tier 'exempt'" in suisai("exempt", f"web:{ANN}").output
    driver.admit(make_request(person=ANN))
    assert "Forgotten" in suisai("forget", f"web:{ANN}", "--opt-out").output
    assert driver.refuse(make_request(person=ANN)).reason == "opted-out"
    assert suisai("opt-in", f"web:{ANN}").exit_code == 0
    driver.admit(make_request(person=ANN))
    assert isinstance(suisai("opt-in", f"web:{ANN}").exception, InputRefused)


@pytest.mark.parametrize(("named", "other"), [("x", "x-dm"), ("x-dm", "x")])
def test_a_person_of_x_is_one_person_in_posts_and_messages(
    driver: LedgerDriver, make_request: MakeRequest, suisai: Suisai, named: str, other: str
) -> None:
    theirs = make_request(platform=other, person="4711")
    job_id = driver.admit(theirs)
    assert "Forgotten" in suisai("forget", f"{named}:4711").output
    assert driver.ledger.find_job(job_id) is None

    suisai("ban", f"{named}:4711")
    assert driver.refuse(make_request(platform=other, person="4711")).reason == "banned"
    suisai("unban", f"{other}:4711")
    driver.admit(make_request(platform=named, person="4711"))

    suisai("forget", f"{named}:4711", "--opt-out")
    assert driver.refuse(make_request(platform=other, person="4711")).reason == "opted-out"
    assert suisai("opt-in", f"{other}:4711").exit_code == 0
    driver.admit(make_request(platform=named, person="4711"))


@pytest.mark.parametrize(
    "word",
    [
        "ann", ":", "web:", ":4711", "telegram:@foo", "telegram:4711 ", "telegram: 4711", "x:@suisai",
        "x-dm:https://x.com/a", "web:ann", f"web:{ANN.upper()}", "tiktok:4711", "telegram:47:11",
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["ban", "unban", "exempt", "forget", "people", "opt-in"])
def test_what_names_no_person_is_refused(suisai: Suisai, command: str, word: str) -> None:
    refused = suisai(command, word)
    assert isinstance(refused.exception, InputRefused), refused.output


def test_people_are_listed_and_found(
    driver: LedgerDriver, make_request: MakeRequest, suisai: Suisai
) -> None:
    assert "Nobody" in suisai("people").output
    job_id = driver.admit(make_request(person=ANN))
    suisai("ban", "telegram:4711")
    suisai("exempt", f"web:{ANN}")

    listed = suisai("people").output

    assert f"web:{ANN}" in listed
    assert "4711" not in listed
    pseudonym = next(line.split()[0] for line in listed.splitlines() if "banned" in line)
    for word in (job_id, f"web:{ANN}"):
        shown = suisai("people", word).output
        assert f"web:{ANN}" in shown
        assert job_id in shown
        assert "exempt" in shown
    assert f"asked by: web:{ANN}" in suisai("job", job_id).output
    assert "may ask again" in suisai("unban", pseudonym).output
    assert "banned:     no" in suisai("people", "telegram:4711").output


def test_only_installed_platforms_are_paused(suisai: Suisai) -> None:
    assert isinstance(suisai("pause", "fetch", "--platform", "webb").exception, InputRefused)


@pytest.mark.parametrize(
    "words",
    ["job a", "dead list", "pause fetch", "ban telegram:1", "people", "top --once"],
)
def test_without_a_running_bot_a_command_says_so_at_the_first_try(
    settings: Settings, words: str
) -> None:
    tries = []
    with socket.create_server(("127.0.0.1", 0)) as nobody:

        def hang_up() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = nobody.accept()
                    tries.append(connection)
                    connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        address = f"redis://127.0.0.1:{nobody.getsockname()[1]}"
        environment = {**environment_of(settings), "SUISAI_REDIS_URL": address}

        done = CliRunner().invoke(app, words.split(), env=environment)

    assert "SUISAI_REDIS_URL" in str(done.exception)
    assert len(tries) <= 2


def test_one_screen_shows_how_the_bot_is(services: Services, given_up: str, suisai: Suisai) -> None:
    services.controls.pause("render")
    shown = suisai("status")
    assert shown.exit_code == 0
    for words in ("overload level: normal", "paused: render", "queued", "send-failed", given_up):
        assert words in shown.output
    told = json.loads(suisai("status", "--json").output)
    assert told["failures"][0]["id"] == given_up
