"""No process of the bot imports modules from the current folder."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from bots.commands.demo import free_port
from bots.commands.run import programs
from bots.supervisor import Supervisor
from tasks.services import Services
from tasks.worker.celery_app import make_app
from tests.stack import environment_of, eventually

pytestmark = pytest.mark.process

PLANTED = """
with open(__file__.rpartition("/")[0] + "/imported", "a") as log:
    log.write(__name__ + "\\n")
raise ImportError(f"{__name__} was planted here")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder that contains a file named like each module that the bot could import."""
    names = {"bots", "tasks", "pipeline", *sys.stdlib_module_names, *packages_distributions()}
    folder = tmp_path / "here"
    folder.mkdir()
    for name in filter(str.isidentifier, names):
        (folder / f"{name}.py").write_text(PLANTED)
    monkeypatch.chdir(folder)
    return folder


def imported(folder: Path) -> str:
    log = folder / "imported"
    return log.read_text() if log.exists() else ""


def test_processes_of_up_and_demo_ignore_modules_in_the_current_folder(
    folder: Path, services: Services, tmp_path: Path
) -> None:
    environment = {**os.environ, **environment_of(services.settings), "SUISAI_ENGINE": "painter"}
    web = ("--host", "127.0.0.1", "--port", str(free_port(0)))
    supervisor = Supervisor(programs(web), None, environment, tmp_path / "logs")

    supervisor.start()
    try:
        eventually(lambda: imported(folder) or len(services.heartbeats.alive()) == 4, 60)
        assert imported(folder) == ""
    finally:
        supervisor.stop()
    assert imported(folder) == ""


@pytest.mark.parametrize(
    "command",
    [
        [str(Path(sys.executable).with_name("suisai"))],
        [sys.executable, "-P", "-m", "bots"],
        [sys.executable, "-m", "bots"],
    ],
    ids=["suisai", "python -P -m bots", "python -m bots"],
)
def test_a_command_ignores_modules_in_the_current_folder(folder: Path, command: list[str]) -> None:
    if command[1:] == ["-m", "bots"]:
        # Python itself imports these before the bot's first line.
        for name in {"bots", *sys.stdlib_module_names}:
            (folder / f"{name}.py").unlink(missing_ok=True)

    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)

    assert (done.returncode, imported(folder)) == (0, ""), done.stderr
    assert "worker" in done.stdout


def test_the_health_check_ignores_modules_in_the_current_folder(
    folder: Path, services: Services
) -> None:
    environment = {**os.environ, **environment_of(services.settings)}
    command = [sys.executable, "-P", "-m", "tasks.healthcheck", "io"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr, imported(folder)) == (1, "", "")


def test_celery_does_not_import_from_the_current_folder(folder: Path, services: Services) -> None:
    (folder / "planted_by_a_stranger.py").write_text(PLANTED)
    loader = make_app(services.settings).loader

    with pytest.raises(ModuleNotFoundError):
        loader.import_from_cwd("planted_by_a_stranger")
    with pytest.raises(ModuleNotFoundError):
        loader.import_task_module("planted_by_a_stranger")
    assert imported(folder) == ""
