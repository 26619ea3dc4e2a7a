"""Shared by the commands: opening the services, errors of input, tables."""

from __future__ import annotations

import difflib
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import structlog
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bots.config import all_settings
from bots.i18n import apology
from pipeline.errors import PhotoRefused, UserFacingError
from pipeline.styles import Style, find_style, load_styles
from tasks.heartbeat import heartbeat
from tasks.ledger.ledger import Wake
from tasks.models import Apology
from tasks.private_files import keep_files_private
from tasks.services import RedisUnavailable, Services, check_store, open_services
from tasks.settings import Settings
from tasks.telemetry.logs import set_up_logs
from tasks.telemetry.tracing import open_tracing


class InputRefused(UserFacingError):
    """An argument or an input file cannot be used; the message says what to use instead."""

    exit_code = 2


def describe_refusal(photo: Path, refusal: PhotoRefused) -> str:
    """Return one line that says why a photo was refused and what to send instead."""
    words = apology("en", Apology(refusal.reason, refusal.facts, refunded=False))
    return f"{photo}: {words}"


def style_named(word: str) -> Style:
    """Return the style of this name or alias. Raises `InputRefused`, which suggests the nearest name."""
    styles = load_styles()
    style = find_style(word, styles)
    if style is None:
        raise InputRefused(
            f"There is no style '{word}'. {_nearest(word, styles)}See `suisai styles`."
        )
    return style


def _nearest(word: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(names), n=1)
    return f"Did you mean '{near[0]}'? " if near else ""


def table(*columns: str, fixed: tuple[str, ...] = ()) -> Table:
    """Return a table with these headings; the columns named in `fixed` are never wrapped."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for title in columns:
        made.add_column(title, overflow="fold", no_wrap=title in fixed)
    return made


def show(shown: Table) -> None:
    """Print a table without highlighting."""
    Console(highlight=False).print(shown)


_log = structlog.get_logger()


def read_settings() -> Settings:
    """Read the settings and configure this process's log, with the secrets masked.

    Also sets the umask, so that only this user can read the files that the process creates.
    """
    keep_files_private()
    settings = Settings()
    set_up_logs(settings, *(group() for group in all_settings()))
    return settings


def open_process() -> Services:
    """Open the services of a long-running process. Raises `RedisUnavailable`."""
    settings = read_settings()
    try:
        check_store(settings)
    except RedisUnavailable as error:
        _log.warning("ledger_unavailable", error=str(error), action="wait", at_most_s=15)
    return open_services(settings, _wake(settings), open_tracing(settings))


@contextmanager
def at_work(kind: str) -> Iterator[Services]:
    """Open the services of a process of a kind (`web`, ...) and send its heartbeats within the block."""
    services = open_process()
    with closing(services.tracing), heartbeat(services.heartbeats, kind):
        yield services


def stop_on_signals() -> threading.Event:
    """Return an event that is set by Ctrl-C, SIGTERM and SIGHUP."""
    stop = threading.Event()
    reader, writer = os.pipe()

    def set_when_signalled() -> None:
        os.read(reader, 1)
        stop.set()

    # A handler runs in the main thread between any two of its steps. `stop.set()` there would wait for
    # the lock of `stop.wait()` forever, if the signal comes while the main thread holds it.
    threading.Thread(target=set_when_signalled, name="signals", daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os.write(writer, b"!"))
    return stop


def services() -> Services:
    """Open the ledger of a running bot. Raises `RedisUnavailable` at once if there is none."""
    settings = Settings()
    check_store(settings)
    return open_services(settings, _wake(settings))


def _wake(settings: Settings) -> Wake:
    """Return the function that wakes workers. It imports Celery at its first call."""
    made: list[Wake] = []

    def wake(stage: str) -> None:
        from tasks.worker.celery_app import make_app, make_wake

        if not made:
            made.append(make_wake(make_app(settings)))
        made[0](stage)

    return wake
