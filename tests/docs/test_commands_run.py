"""Runs every command in the documents, in a temporary folder, while a bot is running."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bots.commands.demo import free_port
from tasks.models import Admitted, PaintRequest, PhotoRef
from tasks.services import Services, open_services
from tasks.settings import Settings
from tests import preloaded
from tests.docs.command_cases import NAMED, RUNS, STAYS, Named, Run, Stay, case_of
from tests.docs.commands import ROOT, every_command
from tests.fakes.telegram_api import TOKEN, TelegramApi
from tests.photos import PHOTOS
from tests.stack import eventually

pytestmark = pytest.mark.process

COMMANDS = every_command()


def those(kind: type) -> list[str]:
    return [command for command in COMMANDS if isinstance(case_of(command), kind)]


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot that was started with `suisai up`, and values for the placeholders in the documents."""

    environment: dict[str, str]
    services: Services
    words: dict[str, str]


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    folder = tmp_path_factory.mktemp("bot")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SUISAI_")},
        "PYTHONPATH": str(ROOT),
        "SUISAI_DATA_DIR": str(folder / "data"),
        "SUISAI_ENGINE": "painter",
        "SUISAI_LONG_SIDE_PX": "96",
        "SUISAI_SAFETY_CHECKS": "[]",
        "SUISAI_WEB_PORT": str(free_port(0)),
    }
    with (folder / "log").open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "bots", "up"], cwd=folder, env=environment, stderr=log
        )
    server = folder / "data" / "valkey" / "valkey.sock"
    eventually(server.exists, 60, "the embedded Valkey is up")
    services = open_services(
        Settings(data_dir=folder / "data", redis_url=None, _env_file=None),  # type: ignore[call-arg] # pydantic-settings takes it
        lambda _: None,
    )
    eventually(lambda: len(services.heartbeats.alive()) == 4, 60, "web, io, gpu and sweep")
    yield Bot(environment, services, _words(services))
    services.redis.close()
    up.send_signal(signal.SIGTERM)
    assert up.wait(timeout=60) == 0, (folder / "log").read_text()


def _words(services: Services) -> dict[str, str]:
    request = PaintRequest("loadtest", "event", "ann", "here", (PhotoRef("photo"),))
    admitted = services.ledger.admit(request)
    assert isinstance(admitted, Admitted)
    return {
        "ID": admitted.job_id,
        "PLATFORM:PERSON": "telegram:4711",
        "PICTURE": "photo.jpg",
        "{port}": str(free_port(0)),
    }


def typed(command: str, instead: dict[str, str]) -> list[str]:
    """Return the words of a command with its placeholders replaced."""
    words = [instead.get(word, word) for word in shlex.split(command)]
    return [re.sub(r"\bID$", "4711", word) if ":" in word else word for word in words]


@pytest.fixture
def telegram() -> Iterator[TelegramApi]:
    server = TelegramApi()
    yield server
    server.close()


@pytest.mark.parametrize("command", those(Run))
def test_a_command_gives_the_documented_output(
    command: str, bot: Bot, telegram: TelegramApi, tmp_path: Path
) -> None:
    case = case_of(command)
    assert isinstance(case, Run)
    shutil.copy(PHOTOS["cat"], tmp_path / "photo.jpg")
    program, *words = typed(command, {**bot.words, **case.instead})
    environment = {**bot.environment, "SUISAI_TELEGRAM_API_URL": telegram.url, **case.settings}
    keys = case.typed.format(token=TOKEN)
    if program == "suisai":
        done = preloaded.run("bots", words, environment, folder=tmp_path, typed=keys, timeout=100)
    else:
        done = subprocess.run(
            [{"python": sys.executable}.get(program, program), *words],
            cwd=ROOT if program == "make" else tmp_path,
            env=environment,
            input=keys,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    assert done.returncode == case.code, done.stdout + done.stderr
    assert case.says in done.stdout + done.stderr


@pytest.mark.parametrize("command", those(Stay))
def test_a_long_running_command_starts_and_stops_on_a_signal(
    command: str, bot: Bot, telegram: TelegramApi, tmp_path: Path
) -> None:
    case = case_of(command)
    assert isinstance(case, Stay)
    instead = {name: bot.words.get(word, word) for name, word in case.instead.items()}
    environment = {**bot.environment, "SUISAI_WEB_PORT": str(free_port(0)), **telegram.settings()}
    with (tmp_path / "log").open("wb") as log:
        program, *words = typed(command, instead)
        assert program == "suisai"
        process = preloaded.start("bots", words, environment, output=log, folder=tmp_path)
    try:
        me = f":{process.pid}"
        alive = bot.services.heartbeats.alive
        eventually(lambda: any(each.name.endswith(me) for each in alive()), 60, "at work")
        eventually(lambda: case.logs in (tmp_path / "log").read_text() or None, 60, case.logs)
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=60) == 0, (tmp_path / "log").read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("command", those(Named))
def test_commands_that_cannot_run_are_checked_statically(command: str) -> None:
    case = case_of(command)
    assert isinstance(case, Named)
    assert case.why
    assert case.slip(shlex.split(command)) == ""


def test_every_command_has_a_case() -> None:
    assert [command for command in COMMANDS if case_of(command) is None] == []
    unused = [
        case.pattern
        for case in (*RUNS, *STAYS, *NAMED)
        if not any(case_of(command) is case for command in COMMANDS)
    ]
    assert unused == []


@pytest.mark.parametrize(
    "command", ["docker compose --profile y up", "make tst", "SUISAI_TOKN=1", "suisai frob"]
)
def test_a_wrong_command_is_detected(command: str) -> None:
    case = case_of(command)
    assert case is None or (isinstance(case, Named) and case.slip(shlex.split(command)))
