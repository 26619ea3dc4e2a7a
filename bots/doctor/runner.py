"""Runs all checks, including those of the installed platforms."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bots.doctor.machine import check_machine, check_models
from bots.doctor.settings import check_settings
from bots.doctor.store import check_reach, check_store, open_briefly
from bots.doctor.traces import check_traces
from bots.doctor.workers import check_workers
from bots.findings import Checks, Finding, failure
from bots.plugins import plugins
from bots.supervisor import valkey_for_command
from pipeline.errors import UserFacingError
from tasks.errors import StoreError
from tasks.services import open_services
from tasks.settings import Settings


def examine(settings: Settings, env_file: Path = Path(".env")) -> Iterator[Finding]:
    """Yield the findings of all checks: the machine first, the platforms last."""
    yield from _guarded("machine", lambda: check_machine(settings))
    yield from _guarded("model", lambda: check_models(settings))
    yield from _guarded("settings", lambda: check_settings(settings, os.environ, env_file))
    yield from _guarded("traces", lambda: check_traces(settings))
    with ExitStack() as opened:
        services = None
        try:
            started = opened.enter_context(valkey_for_command(settings))
        except UserFacingError as error:
            yield failure("Valkey", str(error), "then `suisai doctor` again")
        else:
            redis = opened.enter_context(open_briefly(settings))
            unreachable = check_reach(redis, settings)
            if unreachable is not None:
                yield unreachable
            else:
                yield from _guarded("Valkey", lambda: check_store(redis, started=started))
                services = open_services(settings, _no_wake)
                opened.callback(services.redis.close)
        if services is not None:
            yield from _guarded("workers", partial(check_workers, services))
        for name, checks in _platform_checks().items():
            yield from _guarded(name, partial(checks, services))


def _guarded(what: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield the findings of `look`; an exception becomes a finding, so that other checks still run."""
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


def _no_wake(_: str) -> None:
    """Send no wake-up: the doctor only reads."""
