"""Runs all checks, those of the installed platforms included."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from bots.doctor.machine import check_machine, check_models
from bots.doctor.report import Checks, Finding, failure, warning
from bots.doctor.settings import check_settings
from bots.doctor.store import check_reach, check_store, open_briefly
from bots.doctor.traces import check_traces
from bots.doctor.workers import check_workers
from bots.plugins import plugins
from tasks.errors import StoreError
from tasks.models import Stage
from tasks.services import Services, open_services
from tasks.settings import Settings


def examine(settings: Settings, env_file: Path = Path(".env")) -> Iterator[Finding]:
    """Yield the findings of all checks, this machine first, the platforms last."""
    yield from _guarded("machine", lambda: check_machine(settings))
    yield from _guarded("model", lambda: check_models(settings))
    yield from _guarded("settings", lambda: check_settings(settings, os.environ, env_file))
    yield from _guarded("traces", lambda: check_traces(settings))
    with open_briefly(settings) as redis:
        unreachable = check_reach(redis, settings)
        if unreachable is not None:
            yield unreachable
            yield from _unchecked()
            return
        yield from _guarded("Valkey", lambda: check_store(redis))
    yield from _with_services(open_services(settings, _nobody))


def _with_services(services: Services) -> Iterator[Finding]:
    try:
        yield from _guarded("workers", lambda: check_workers(services))
        for name, checks in _platform_checks().items():
            yield from _guarded(name, partial(checks, services))
    finally:
        services.redis.close()


def _guarded(what: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield the findings of `look`; a check that fails must not hide the others."""
    try:
        yield from look()
    except StoreError as error:
        yield failure(what, f"the ledger did not answer ({error})", "suisai doctor")
    except Exception as error:
        yield failure(
            what, f"could not be checked: {type(error).__name__}: {error}", "suisai doctor"
        )


def _platform_checks() -> dict[str, Checks]:
    found = {name: plugin.checks() for name, plugin in plugins().items()}
    return {name: checks for name, checks in found.items() if checks is not None}


def _unchecked() -> Iterator[Finding]:
    for name in _platform_checks():
        yield warning(name, "not checked while the ledger is away", "suisai doctor")


def _nobody(_: Stage) -> None:
    """Send no wake-up: the doctor only reads."""
