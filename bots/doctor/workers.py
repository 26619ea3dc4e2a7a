"""The processes of the bot: workers of each stage, sweep, pauses."""

from __future__ import annotations

from collections.abc import Iterator

from bots.doctor.report import Finding, failure, passed, warning
from tasks.models import Stage
from tasks.services import Services
from tasks.settings import Settings
from tasks.stats import FleetStats, read_stats
from tasks.worker.celery_app import make_app

_KINDS = {"io": (Stage.FETCH, Stage.DELIVER), "gpu": (Stage.RENDER,)}
_ANSWER_WITHIN_S = 1.0


def check_workers(services: Services) -> Iterator[Finding]:
    """Ping every Celery worker; check the sweep, pauses and the dead list."""
    gauges = read_stats(services)
    if not gauges.processes:
        yield _nothing_runs(gauges)
        yield from _held(gauges)
        return
    awake = _awake(services.settings)
    for kind, stages in _KINDS.items():
        yield _staffed(kind, stages, awake.get(kind, 0), gauges)
    sweeps = sum(process.kind == "sweep" for process in gauges.processes)
    yield (
        passed("sweep", f"{sweeps} running")
        if sweeps
        else warning(
            "sweep", "none running: jobs of dead workers are not taken back", "suisai sweep"
        )
    )
    yield from _held(gauges)


def _nothing_runs(gauges: FleetStats) -> Finding:
    """One finding in place of one for each process that is not there."""
    waiting = sum(stage.waiting for stage in gauges.stages.values())
    says = "the bot does not run; workers, sweep, page and listeners are checked once it does"
    if waiting:
        return failure("processes", f"{says}; {waiting} jobs wait", "suisai up")
    return warning("processes", says, "suisai up")


def _held(gauges: FleetStats) -> Iterator[Finding]:
    for name in gauges.paused:
        stage, _, platform = name.partition(":")
        option = f" --platform {platform}" if platform else ""
        yield warning("paused", name, f"suisai resume {stage}{option}")
    if gauges.dead:
        yield warning("given up", f"{gauges.dead} jobs on the dead list", "suisai dead list")


def _staffed(kind: str, stages: tuple[Stage, ...], awake: int, gauges: FleetStats) -> Finding:
    waiting = sum(gauges.stages[stage].waiting for stage in stages)
    what, mend = f"{kind} workers", f"suisai worker {kind}"
    says = f"{awake} answer, {waiting} jobs wait for {' and '.join(stages)}"
    if awake:
        return passed(what, says)
    if kind == "gpu":
        says += "; a new one is heard when its engine is warm"
    return failure(what, says, mend) if waiting else warning(what, says, mend)


def _awake(settings: Settings) -> dict[str, int]:
    """Count the Celery workers that answer, by kind."""
    app = make_app(settings)
    try:
        nodes = [name for reply in app.control.ping(timeout=_ANSWER_WITHIN_S) for name in reply]
    finally:
        app.close()
    kinds = [name.partition("@")[0] for name in nodes]
    return {kind: kinds.count(kind) for kind in kinds}
