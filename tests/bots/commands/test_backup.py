"""`suisai backup` and `restore`, as an operator types them, with bots that do not run."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bots.cli import app
from bots.commands.common import InputRefused
from bots.doctor.runner import examine
from bots.supervisor import lock_data_dir, valkey_for_command
from tasks.models import Admitted, Outcome, PaintRequest
from tasks.services import Services, open_services
from tasks.settings import Settings

Suisai = Callable[..., Result]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "old", redis_url=None)


@pytest.fixture
def suisai(monkeypatch: pytest.MonkeyPatch) -> Suisai:
    """Runs `suisai WORDS` on a data folder."""

    def run(folder: Path, *words: str) -> Result:
        monkeypatch.setenv("SUISAI_DATA_DIR", str(folder))
        monkeypatch.delenv("SUISAI_REDIS_URL", raising=False)
        return CliRunner().invoke(app, list(words))

    return run


def in_ledger(settings: Settings, act: Callable[[Services], object]) -> object:
    with valkey_for_command(settings):
        services = open_services(settings, lambda _: None)
        try:
            return act(services)
        finally:
            services.redis.close()


@pytest.fixture
def archive(
    settings: Settings, suisai: Suisai, make_request: Callable[..., PaintRequest], tmp_path: Path
) -> Path:
    """A copy of a bot with one open job."""
    assert isinstance(
        in_ledger(settings, lambda it: it.ledger.admit(make_request("first"))), Admitted
    )
    path = tmp_path / f"{secrets.token_hex(4)}.tar.gz"
    done = suisai(settings.data_dir, "backup", str(path))
    assert "1 open jobs" in done.output, done.exception
    return path


def test_restoring_open_jobs_requires_a_choice(
    suisai: Suisai, archive: Path, tmp_path: Path
) -> None:
    done = suisai(tmp_path / "new", "restore", str(archive))

    assert isinstance(done.exception, InputRefused)
    assert "--drop-open" in str(done.exception)
    assert not (tmp_path / "new" / "valkey").exists()


@pytest.mark.parametrize(
    ("option", "outcome"), [("--answer-open", None), ("--drop-open", Outcome.CANCELLED)]
)
def test_a_copy_is_restored_where_the_doctor_has_been(
    suisai: Suisai, archive: Path, tmp_path: Path, option: str, outcome: Outcome | None
) -> None:
    new = Settings(data_dir=tmp_path / "new", redis_url=None)
    list(examine(new, tmp_path / ".env"))

    done = suisai(new.data_dir, "restore", str(archive), option)

    assert "Restored to" in done.output, done.exception

    def job(services: Services) -> Outcome | None:
        (found,) = services.ledger.find_jobs([archive_job(services)])
        return found.outcome

    assert in_ledger(new, job) == outcome


def archive_job(services: Services) -> str:
    (job_id,) = {key.rpartition(":")[2] for key in services.redis.scan_iter("*:job:*")}
    return str(job_id)


def test_a_copy_is_not_restored_over_a_bot(
    suisai: Suisai, settings: Settings, archive: Path
) -> None:
    done = suisai(settings.data_dir, "restore", str(archive), "--answer-open")

    assert "There is a bot in" in str(done.exception)


def test_a_copy_is_not_restored_under_a_running_bot(
    suisai: Suisai, settings: Settings, archive: Path
) -> None:
    with lock_data_dir(settings.data_dir):
        done = suisai(settings.data_dir, "restore", str(archive), "--answer-open")

    assert isinstance(done.exception, InputRefused)
    assert "already runs" in str(done.exception)


def test_an_existing_file_is_not_replaced(
    suisai: Suisai, settings: Settings, archive: Path
) -> None:
    before = archive.read_bytes()

    done = suisai(settings.data_dir, "backup", str(archive))

    assert isinstance(done.exception, InputRefused)
    assert archive.read_bytes() == before
    assert suisai(settings.data_dir, "backup", str(archive), "--overwrite").exit_code == 0


@pytest.mark.parametrize("target", ["photo.jpg", "folder", "pipe", "old/inside.tar.gz", "no/b.tgz"])
def test_nothing_but_an_older_backup_is_ever_replaced(
    suisai: Suisai, settings: Settings, tmp_path: Path, target: str
) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"a photo")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "old").mkdir()

    done = suisai(settings.data_dir, "backup", str(tmp_path / target), "--overwrite")

    assert isinstance(done.exception, InputRefused)
    assert (tmp_path / "photo.jpg").read_bytes() == b"a photo"
    assert (tmp_path / "pipe").is_fifo()


def test_servers_of_the_operators_own_are_left_to_their_tools(
    suisai: Suisai, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    monkeypatch.setenv("SUISAI_BLOB_URL", "file:///tmp/elsewhere")

    done = suisai(settings.data_dir, "backup", str(tmp_path / "bot.tar.gz"))

    assert "their own tools" in str(done.exception)
