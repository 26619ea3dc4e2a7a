"""What every process of the bot does first: settings, log lines, services, signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import structlog

from bots.config import all_settings
from tasks.heartbeat import heartbeat
from tasks.private_files import keep_files_private
from tasks.services import RedisUnavailable, Services, check_store, open_services
from tasks.settings import Settings
from tasks.telemetry.logs import set_up_logs
from tasks.telemetry.tracing import open_tracing
from tasks.worker.celery_app import make_app, make_wake

_log = structlog.get_logger()


def read_settings() -> Settings:
    """Read the settings and configure this process's log, with the secrets masked.

    From now on the process writes files that only its user can read.
    """
    keep_files_private()
    settings = Settings()
    set_up_logs(settings, *(group() for group in all_settings()))
    return settings


def open_process() -> Services:
    """Open the services of a process; jobs that it admits wake the workers. Raises `RedisUnavailable`."""
    settings = read_settings()
    try:
        check_store(settings)
    except RedisUnavailable as error:
        _log.warning("ledger_unavailable", error=str(error), action="wait", at_most_s=15)
    return open_services(settings, make_wake(make_app(settings)), open_tracing(settings))


@contextmanager
def at_work(kind: str) -> Iterator[Services]:
    """Open a process of a kind (`web`, `sweep`, ...) that sends heartbeats while the block runs."""
    services = open_process()
    with closing(services.tracing), heartbeat(services.heartbeats, kind):
        yield services


def stop_on_signals() -> threading.Event:
    """Return an event that Ctrl-C, SIGTERM and the closing of the terminal set."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def services() -> Services:
    """Open the ledger of a running bot. Raises `RedisUnavailable` at once if there is none."""
    settings = Settings()
    check_store(settings)
    return open_services(settings, make_wake(make_app(settings)))
