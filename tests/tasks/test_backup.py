"""A backup of a running bot contains every job, and a moved bot sends no answer twice."""

from __future__ import annotations

import tarfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tasks.backup import BackupFailed, back_up, read_manifest, start_unpacked, unpack
from tasks.heartbeat import Process
from tasks.models import PAUSABLE, Outcome, Stage
from tasks.services import Services, embedded_valkey, open_services
from tasks.settings import Limits, Settings
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest


def settings_in(folder: Path) -> Settings:
    limits = Limits(cooldown_s=0, daily_quota=10_000, open_per_person=1_000)
    return Settings(data_dir=folder, redis_url=None, limits=limits)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[dict[str, LedgerDriver]]:
    """Bots by the name of their machine, each with its own embedded server."""
    with ExitStack() as running:

        class Machines(dict[str, LedgerDriver]):
            def __missing__(self, name: str) -> LedgerDriver:
                settings = settings_in(tmp_path / name)
                server = embedded_valkey(settings)
                server.ensure()
                running.callback(server.stop)
                opened = open_services(settings, lambda _: None)
                running.callback(opened.redis.close)
                self[name] = LedgerDriver(opened)
                return self[name]

        yield Machines()


def admitted(driver: LedgerDriver, make_request: MakeRequest, count: int) -> list[str]:
    requests = (
        make_request(person=f"p{n}", conversation=f"c{n}", platform="telegram")
        for n in range(count)
    )
    return [driver.admit(each) for each in requests]


def outcomes(services: Services, jobs: list[str]) -> list[Outcome | None]:
    return services.ledger.outcomes(jobs)


def test_a_bot_that_moves_under_load_loses_nothing_and_answers_nobody_twice(
    machine: dict[str, LedgerDriver], make_request: MakeRequest, tmp_path: Path
) -> None:
    old, archive = machine["old"], tmp_path / "bot.tar.gz"
    jobs = admitted(old, make_request, 30)
    for _ in range(20):
        old.fetch()
    for _ in range(10):
        old.paint()
    answered_before = {old.deliver().job.id for _ in range(5)}
    held = old.take(Stage.DELIVER)
    old.services.heartbeats.announce(Process("io", "old:1", 0.0, {}))
    old.services.blobs.put("pictures/1", b"a painting")

    def finish() -> None:
        paused = old.services.controls.paused
        while len(paused()) < len(PAUSABLE):
            pass
        old.ledger.transitions.finish(held, Outcome.ANSWERED, "", "receipt")

    worker = threading.Thread(target=finish)
    worker.start()
    made = back_up(old.services, archive, move=True)
    worker.join()
    assert made.moved
    assert made.open_jobs == 24

    unpack(settings_in(tmp_path / "new"), archive)
    new = machine["new"]
    start_unpacked(new.services, read_manifest(archive), drop_open=False)

    assert new.services.controls.paused() == {}
    assert new.services.blobs.get("pictures/1") == b"a painting"
    for _ in range(10):
        new.fetch()
    for _ in range(20):
        new.paint()
    answered_after = {new.deliver().job.id for _ in range(24)}
    assert answered_before | answered_after | {held.job.id} == set(jobs)
    assert not answered_before & answered_after
    assert set(outcomes(new.services, jobs)) == {Outcome.ANSWERED}
    # The old machine takes and sends nothing any more.
    assert [old.claim(stage) for stage in Stage] == [[], [], []]


def test_a_backup_of_a_running_bot_contains_all_admitted_jobs(
    machine: dict[str, LedgerDriver], make_request: MakeRequest, tmp_path: Path
) -> None:
    bot, archive, over = machine["bot"], tmp_path / "bot.tar.gz", threading.Event()
    before = admitted(bot, make_request, 200)
    bot.services.blobs.put("uploads/ann/1", b"a photo")

    def load() -> None:
        while not over.is_set():
            bot.admit(make_request(person="late", conversation="late"))
            bot.whole()

    load_thread = threading.Thread(target=load)
    load_thread.start()
    made = back_up(bot.services, archive, move=False)
    over.set()
    load_thread.join()
    assert not made.moved
    assert not list((tmp_path / "bot" / "valkey").glob("*.rdb"))  # nothing of it stays on the disk
    assert archive.stat().st_mode & 0o077 == 0
    assert bot.services.controls.paused() == {}

    unpack(settings_in(tmp_path / "copy"), archive)
    copy = machine["copy"]
    assert len(copy.ledger.find_jobs(before)) == len(before)
    assert copy.services.blobs.get("uploads/ann/1") == b"a photo"

    still_open = outcomes(copy.services, before).count(None)
    assert still_open > 0
    assert start_unpacked(copy.services, made, drop_open=True) >= still_open
    assert None not in outcomes(copy.services, before)
    assert [copy.claim(stage) for stage in Stage] == [[], [], []]


def test_pauses_of_the_operator_are_kept_when_a_bot_moves(
    machine: dict[str, LedgerDriver], tmp_path: Path
) -> None:
    archive = tmp_path / "bot.tar.gz"
    machine["old"].services.controls.pause("render")
    back_up(machine["old"].services, archive, move=True)

    unpack(settings_in(tmp_path / "new"), archive)
    start_unpacked(machine["new"].services, read_manifest(archive), drop_open=False)

    assert set(machine["new"].services.controls.paused()) == {"render"}


def test_a_bot_is_not_unpacked_over_another(
    machine: dict[str, LedgerDriver], make_request: MakeRequest, tmp_path: Path
) -> None:
    archive = tmp_path / "bot.tar.gz"
    machine["bot"].admit(make_request())
    back_up(machine["bot"].services, archive, move=False)

    with pytest.raises(BackupFailed, match="There is a bot in"):
        unpack(settings_in(tmp_path / "bot"), archive)


@pytest.mark.parametrize("kind", ["text", "half", "other"])
def test_a_file_that_is_not_a_backup_is_refused(
    machine: dict[str, LedgerDriver], tmp_path: Path, kind: str
) -> None:
    archive = tmp_path / "bot.tar.gz"
    if kind == "text":
        archive.write_text("not an archive")
    elif kind == "other":
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(Path(__file__), "file.py")
    else:
        back_up(machine["bot"].services, archive, move=False)
        archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])

    with pytest.raises(BackupFailed, match="is not a backup of Suisai"):
        read_manifest(archive)


def test_only_plain_files_below_the_folder_are_unpacked(
    machine: dict[str, LedgerDriver], tmp_path: Path
) -> None:
    archive = tmp_path / "bot.tar.gz"
    back_up(machine["bot"].services, archive, move=False)
    with tarfile.open(archive) as old, tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as new:
        for member in old:
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
        for name in ("../escaped", str(tmp_path / "absolute"), "blobs/../../escaped"):
            new.addfile(tarfile.TarInfo(name))
        for name, kind in (("link", tarfile.SYMTYPE), ("pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            new.addfile(info)

    unpack(settings_in(tmp_path / "new"), tmp_path / "bad.tar.gz")

    found = {path.name for path in tmp_path.rglob("*")}
    assert not {"escaped", "absolute", "link", "pipe"} & found
    assert "appendonly.aof.manifest" in found
