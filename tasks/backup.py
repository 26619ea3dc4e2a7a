"""Copies of a bot: the data folder in one archive, with the ledger as it was at one moment.

The server writes a snapshot of its memory (BGSAVE) while the bot runs. In the archive the snapshot is the
base of an append-only file, so that a server that is started on the unpacked folder reads it. Blobs are
copied before and after the snapshot, so that the archive contains every blob of the snapshot's jobs.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from redis import Redis
from redis.exceptions import ResponseError

from pipeline.errors import UserFacingError
from tasks.models import PAUSABLE, Stage
from tasks.private_files import own_folder, private_opener
from tasks.reach import embedded_folder
from tasks.services import Services
from tasks.settings import Settings

MANIFEST = "suisai-backup.json"
_FORMAT = 1
_LEDGER = "valkey/appendonlydir"
_BASE, _TAIL = "appendonly.aof.1.base.rdb", "appendonly.aof.1.incr.aof"
_LEFT_OUT = frozenset({"valkey", "models", "cache", "blobs", "up.lock", "commands.lock"})
"""Entries of the data folder that are copied separately, can be recreated, or belong to this machine."""
_POLL_S = 0.1


class BackupFailed(UserFacingError):
    """An archive could not be written or unpacked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """Metadata of an archive."""

    made_at: float
    """Seconds since the epoch, by the ledger's clock."""
    open_jobs: int
    moved: bool
    """The bot was paused before the copy, for good: it has sent no answer since."""
    paused_before: tuple[str, ...]
    """What an operator had paused before a move; everything else is resumed on the new machine."""
    format: int = _FORMAT


def check_is_here(settings: Settings) -> None:
    """Raise `BackupFailed` if the ledger or the photos are not in the data folder."""
    if settings.redis_url is not None or settings.blob_url is not None:
        raise BackupFailed(
            "The ledger or the photos are on other servers (SUISAI_REDIS_URL, SUISAI_BLOB_URL): "
            "back those up with their own tools, see docs/valkey.md."
        )


def back_up(
    services: Services, target: Path, *, move: bool, patience_s: float = 180.0
) -> BackupManifest:
    """Write an archive of the bot; with `move` pause it first, for good. Raises `BackupFailed`, `OSError`."""
    check_is_here(services.settings)
    paused = tuple(name for name, until in services.controls.paused().items() if until == 0)
    if move:
        _pause_and_wait(services, patience_s)
    part = target.with_name(f".{target.name}.part")
    try:
        with (
            open(part, "wb", opener=private_opener) as file,
            tarfile.open(None, "w:gz", file, compresslevel=1) as tar,
        ):
            manifest = _write(tar, services, moved=move, paused=paused)
        os.replace(part, target)  # noqa: PTH105 - atomically
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _write(
    tar: tarfile.TarFile, services: Services, *, moved: bool, paused: tuple[str, ...]
) -> BackupManifest:
    folder = services.settings.data_dir
    copied = set(_add_blobs(tar, folder, set()))
    snapshot = embedded_folder(services.settings) / _snapshot(services.redis)
    try:
        manifest = BackupManifest(services.ledger.now(), _open_jobs(services), moved, paused)
        tar.add(snapshot, f"{_LEDGER}/{_BASE}")
    finally:
        # It contains personal data, which `forget` must be able to delete.
        snapshot.unlink(missing_ok=True)
    _add_text(tar, f"{_LEDGER}/{_TAIL}", "")
    lines = f"file {_BASE} seq 1 type b\nfile {_TAIL} seq 1 type i\n"
    _add_text(tar, f"{_LEDGER}/appendonly.aof.manifest", lines)
    _add_text(tar, MANIFEST, json.dumps(asdict(manifest)))
    list(_add_blobs(tar, folder, copied))
    for entry in sorted(folder.iterdir()):
        if (
            entry.name not in _LEFT_OUT
            and not entry.is_symlink()
            and (entry.is_file() or entry.is_dir())
        ):
            tar.add(entry, entry.name)
    return manifest


def _pause_and_wait(services: Services, patience_s: float) -> None:
    """Pause everything and wait until no worker holds a job. Raises `BackupFailed`."""
    for what in PAUSABLE:
        services.controls.pause(what)
    ns, over_at = services.settings.namespace, time.monotonic() + patience_s
    while any(services.redis.zcard(f"{ns}:leases:{stage}") for stage in Stage):
        if not services.heartbeats.alive():
            return  # no worker is alive: the sweep on the new machine requeues these jobs
        if time.monotonic() > over_at:
            raise BackupFailed(
                f"Workers still hold jobs after {patience_s:.0f} s; everything is paused. Try again, "
                "or continue with: suisai resume all"
            )
        time.sleep(_POLL_S)


def _snapshot(redis: Redis) -> str:
    """Let the server write its memory to disk; return the file's name. Raises `BackupFailed`."""
    over_at = time.monotonic() + 600
    before = int(redis.info("persistence")["rdb_saves"])
    while True:
        try:
            redis.bgsave()
            break
        except ResponseError as error:
            # The append-only file is being rewritten, or another copy is being made.
            if "in progress" not in str(error).lower() or time.monotonic() > over_at:
                raise BackupFailed(f"The ledger's server writes no snapshot: {error}") from error
            time.sleep(_POLL_S)
    while True:
        info = redis.info("persistence")
        if not info["rdb_bgsave_in_progress"]:
            break
        time.sleep(_POLL_S)
    if info["rdb_last_bgsave_status"] != "ok" or int(info["rdb_saves"]) <= before:
        raise BackupFailed("The ledger's server could not write its snapshot: is the disk full?")
    return _snapshot_name(redis)


def _snapshot_name(redis: Redis) -> str:
    return str(redis.config_get("dbfilename")["dbfilename"])


def _open_jobs(services: Services) -> int:
    return sum(int(n) for n in services.redis.hvals(f"{services.settings.namespace}:unanswered"))


def _add_blobs(tar: tarfile.TarFile, folder: Path, known: set[str]) -> Iterator[str]:
    for path in sorted((folder / "blobs").rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name in known or path.is_symlink() or not path.is_file():
            continue
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue  # deleted meanwhile: its job is over
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = len(data), 0o600, int(time.time())
        tar.addfile(info, io.BytesIO(data))
        yield name


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(text.encode()), 0o600, int(time.time())
    tar.addfile(info, io.BytesIO(text.encode()))


def read_manifest(archive: Path) -> BackupManifest:
    """Return the manifest of an archive. Raises `BackupFailed`, `OSError`."""
    try:
        with tarfile.open(archive) as tar:
            file = tar.extractfile(MANIFEST)
            fields = json.loads(file.read()) if file else {}
        return BackupManifest(**{**fields, "paused_before": tuple(fields["paused_before"])})
    except (tarfile.TarError, EOFError, KeyError, TypeError, ValueError) as error:
        raise BackupFailed(f"{archive} is not a backup of Suisai, or it is truncated.") from error


def unpack(settings: Settings, archive: Path) -> None:
    """Unpack an archive into an empty data folder. Raises `BackupFailed`, `OSError`."""
    folder = settings.data_dir
    if (folder / _LEDGER).exists():
        raise BackupFailed(
            f"There is a bot in {folder} already. Move that folder away, or set SUISAI_DATA_DIR to another."
        )
    own_folder(folder)
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            # Not by `extractall`: only plain files, below the folder, readable by their owner only.
            if not member.isfile() or path.is_absolute() or ".." in path.parts:
                continue
            content = tar.extractfile(member)
            if content is None or member.name == MANIFEST:
                continue
            _make_folders(folder, path.parent)
            with content, open(folder / path, "wb", opener=private_opener) as file:
                shutil.copyfileobj(content, file)
    _make_folders(folder, PurePosixPath("blobs"))


def _make_folders(folder: Path, inner: PurePosixPath) -> None:
    for part in (*reversed(inner.parents), inner):
        (folder / part).mkdir(mode=0o700, exist_ok=True)


def is_unused(services: Services) -> bool:
    """Return whether a ledger contains no job, no data of a platform, no ban and no opt-out."""
    ns = services.settings.namespace
    kinds = (f"{ns}:job:*", f"{ns}:notes:*", f"{ns}:banned", f"{ns}:optouts")
    return not any(key for kind in kinds for key in services.redis.scan_iter(kind, count=1000))


def remove_unused(settings: Settings) -> None:
    """Delete the files of a ledger that `is_unused`; its server must be stopped."""
    shutil.rmtree(settings.data_dir / _LEDGER, ignore_errors=True)


def start_unpacked(services: Services, manifest: BackupManifest, *, drop_open: bool) -> int:
    """Start the work of an unpacked bot: end the pauses of the move; with `drop_open` cancel open jobs.

    Return how many jobs were cancelled.
    """
    if manifest.moved:
        for what in PAUSABLE:
            if what not in manifest.paused_before:
                services.controls.resume(what)
    return sum(map(services.ledger.cancel, _open_ids(services))) if drop_open else 0


def _open_ids(services: Services) -> list[str]:
    prefix = f"{services.settings.namespace}:job:"
    ids = [key.removeprefix(prefix) for key in services.redis.scan_iter(f"{prefix}*", count=1000)]
    parts = (ids[at : at + 500] for at in range(0, len(ids), 500))
    jobs = (job for part in parts for job in services.ledger.find_jobs(part))
    return [job.id for job in jobs if job.outcome is None]
