"""`suisai demo`: runs the whole bot on one machine, sends it a photo and saves the painting."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rich.console import Console

from bots.commands.atomic_write import check_output, format_of, write_whole
from bots.commands.common import InputRefused, describe_refusal
from bots.supervisor import Program, Supervisor
from bots.web.client import NoPainting, Visit, WebClient
from pipeline.comparison import side_by_side
from pipeline.encode import PictureFormat, finish
from pipeline.engine import RGB
from pipeline.errors import PhotoRefused, UserFacingError
from pipeline.photo import open_photo
from pipeline.provenance import DigitalSource, Maker
from tasks.models import Job
from tasks.services import embedded_valkey, open_services
from tasks.settings import Settings

START_PATIENCE_S = 120.0
"""Maximum time until all processes have started; the first start on a slow disk is slow."""

_STEPS = ("admitted", "fetched", "painted", "answered")


@dataclass(frozen=True, slots=True)
class Demo:
    """The options of `suisai demo`."""

    photo: Path | None
    """None: the sample that ships with Suisai."""
    out: Path
    overwrite: bool
    stay: bool
    """Keep the chat page running afterwards if there is a terminal."""
    programs: list[Program]
    port: int
    stop: threading.Event


class DemoFailed(UserFacingError):
    """The demo ended without a painting; the message says why."""


def run_demo(demo: Demo) -> None:
    """Start everything in a temporary folder, have a photo painted, print the times of its stages.

    Raises `InputRefused`, `DemoFailed`, `OSError`.
    """
    if format_of(demo.out) is not PictureFormat.JPEG:
        raise InputRefused(f"{demo.out}: the demo writes a JPEG. Name a file that ends in .jpg.")
    check_output(demo.out, [demo.photo] if demo.photo else [], overwrite=demo.overwrite)
    data, pixels = _photo(demo.photo)
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="suisai-demo-", ignore_cleanup_errors=True) as folder:
        settings = Settings(data_dir=Path(folder), redis_url=None, blob_url=None)
        environment = {**os.environ, "SUISAI_DATA_DIR": folder}
        # No cooldown, so that one person can try several styles.
        environment.setdefault("SUISAI_PLATFORM_LIMITS", '{"web": {"cooldown_s": 0}}')
        environment.setdefault("SUISAI_WEB_ASKS_PER_MINUTE", "100")
        environment.pop("SUISAI_REDIS_URL", None)
        environment.pop("SUISAI_BLOB_URL", None)
        supervisor = Supervisor(
            demo.programs, embedded_valkey(settings), environment, Path(folder) / "logs", demo.stop
        )
        address = f"http://127.0.0.1:{demo.port}"
        console.print("Starting Valkey, the workers, the sweep and the chat page ...")
        began = time.monotonic()
        try:
            supervisor.start()
            with WebClient(address) as visitor:
                _await_opening(visitor, demo.stop)
                if demo.stop.is_set():
                    return
                console.print(f"Open after {time.monotonic() - began:.1f} s. Sending a photo ...\n")
                visit = _visit(visitor, data, demo.stop)
            if visit is None:
                return
            _print_times(console, visit, open_services(settings, _no_wake).ledger.job(visit.job_id))
            _save(demo, pixels, visit.picture)
            console.print(f"\nThe painting is in [bold]{demo.out.resolve()}[/bold]")
            if demo.stay and sys.stdin.isatty() and sys.stdout.isatty():
                console.print(
                    f"The chat page is at [bold]{address}[/bold] (Ctrl-C ends everything)"
                )
                demo.stop.wait()
        finally:
            supervisor.stop()


def free_port(wanted: int) -> int:
    """Return `wanted` where it is free on loopback, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("No port is free on 127.0.0.1.")


def _photo(path: Path | None) -> tuple[bytes, RGB]:
    try:
        source = path or files("bots").joinpath("samples/astronaut.jpg")
        data = source.read_bytes()
        return data, open_photo(data).pixels
    except PhotoRefused as refusal:
        raise InputRefused(describe_refusal(path or Path("the sample"), refusal)) from refusal
    except OSError as error:
        raise InputRefused(f"{path}: cannot be read ({error.strerror}). Name a photo.") from error


def _await_opening(visitor: WebClient, stop: threading.Event) -> None:
    deadline = time.monotonic() + START_PATIENCE_S
    while not visitor.is_open() and not stop.wait(0.1):
        if time.monotonic() > deadline:
            raise DemoFailed(
                f"The chat page did not open within {START_PATIENCE_S:.0f} s. "
                "Run `suisai up` to see the log of each process."
            )


def _visit(visitor: WebClient, data: bytes, stop: threading.Event) -> Visit | None:
    try:
        return visitor.visit(data, stop)
    except NoPainting as refusal:
        raise DemoFailed(f"The bot answered: {refusal}") from refusal


def _print_times(console: Console, visit: Visit, job: Job) -> None:
    at = {entry.event: entry.at for entry in job.history}
    console.print(f"  received  {0:7.3f} s")
    for step in _STEPS:
        if step in at:
            console.print(f"  {step:9} {at[step] - visit.sent_at:7.3f} s")
    console.print(f"  seen      {visit.seen_at - visit.sent_at:7.3f} s")


def _save(demo: Demo, before: RGB, picture: bytes) -> None:
    if demo.photo is not None:
        write_whole(demo.out, picture, overwrite=demo.overwrite)
        return
    pair = side_by_side(before, open_photo(picture).pixels)
    picture = finish(pair, Maker("painter", "", DigitalSource.PAINTER))
    write_whole(demo.out, picture, overwrite=demo.overwrite)


def _no_wake(_: str) -> None:
    """Send no wake-up: the demo only reads."""
