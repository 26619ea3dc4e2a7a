"""The processes of the bot: workers of each stage, the models that jobs are routed to, sweep, pauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bots.findings import Finding, failure, passed, warning
from tasks.models import Stage
from tasks.services import Services
from tasks.settings import Settings
from tasks.stats import FleetStats, read_stats
from tasks.worker.availability import engines_at_work
from tasks.worker.celery_app import make_app

_KINDS = {"io": (Stage.FETCH, Stage.DELIVER), "gpu": (Stage.RENDER,)}
_ANSWER_WITHIN_S = 1.0


def check_workers(services: Services) -> Iterator[Finding]:
    """Ping every Celery worker; check models, drained workers, the sweep, pauses and the dead list."""
    gauges = read_stats(services)
    if not gauges.processes:
        yield _nothing_runs(gauges)
        yield from _held(gauges)
        return
    awake = _awake(services.settings)
    for kind, stages in _KINDS.items():
        yield _worker_kind(kind, stages, awake.get(kind, 0), gauges)
    sweeps = sum(process.kind == "sweep" for process in gauges.processes)
    yield (
        passed("sweep", f"{sweeps} running")
        if sweeps
        else warning(
            "sweep", "none running: jobs of crashed workers are not recovered", "suisai sweep"
        )
    )
    yield from _engines(services.settings.engines, gauges)
    for name in sorted(gauges.draining):
        yield warning("drained", f"{name} takes no new job", f"suisai drain {name} --undo")
    yield from _models(services.settings, gauges)
    yield from _held(gauges)


def _engines(order: Sequence[str], gauges: FleetStats) -> Iterator[Finding]:
    """Check which engines paint: with more than one, people get paintings that look different."""
    living = engines_at_work(gauges.processes)
    for engine in sorted(living - set(order)):
        yield warning(
            "engines",
            f"a worker paints with {engine}, which SUISAI_ENGINES does not name: it gets no jobs",
            f"end it, or name {engine} in SUISAI_ENGINES",
        )
    mixed = [engine for engine in order if engine in living]
    if len(mixed) > 1:
        best, *others = mixed
        yield warning(
            "engines",
            f"a mix: {best} paints, {', '.join(others)} only while the bot is overloaded",
            f"""if that is not wanted, SUISAI_ENGINES='["{best}"]'""",
        )
    elif mixed:
        yield passed("engines", f"all paint with {mixed[0]}")


def _nothing_runs(gauges: FleetStats) -> Finding:
    """Return one finding for all processes if none of them runs."""
    waiting = sum(stage.waiting for stage in gauges.stages.values())
    message = "the bot does not run; workers, sweep, page and listeners are checked once it does"
    if waiting:
        return failure("processes", f"{message}; {waiting} jobs wait", "suisai up")
    return warning("processes", message, "suisai up")


def _held(gauges: FleetStats) -> Iterator[Finding]:
    for name in gauges.paused:
        stage, _, platform = name.partition(":")
        option = f" --platform {platform}" if platform else ""
        yield warning("paused", name, f"suisai resume {stage}{option}")
    if gauges.dead:
        yield warning("given up", f"{gauges.dead} jobs on the dead list", "suisai dead list")


def _worker_kind(kind: str, stages: tuple[Stage, ...], awake: int, gauges: FleetStats) -> Finding:
    waiting = sum(gauges.stages[stage].waiting for stage in stages)
    what, fix = f"{kind} workers", f"suisai worker {kind}"
    message = f"{awake} answer, {waiting} jobs wait for {' and '.join(stages)}"
    if awake:
        return passed(what, message)
    if kind == "gpu":
        message += "; a new worker answers once its engine is loaded"
    return failure(what, message, fix) if waiting else warning(what, message, fix)


def _models(settings: Settings, gauges: FleetStats) -> Iterator[Finding]:
    """Check that every model that jobs are routed to exists and has a worker."""
    canary = [settings.canary.model] if settings.canary else []
    for name in dict.fromkeys([*settings.tier_models.values(), *canary]):
        workers = gauges.models[name].workers
        if workers:
            yield passed(f"model {name}", f"{workers} workers paint with it")
        else:
            says = "no worker paints with it: other models paint its jobs"
            yield warning(f"model {name}", says, f"suisai worker gpu --model {name}")


def _awake(settings: Settings) -> dict[str, int]:
    """Count the Celery workers that answer, by kind."""
    app = make_app(settings)
    try:
        nodes = [name for reply in app.control.ping(timeout=_ANSWER_WITHIN_S) for name in reply]
    finally:
        app.close()
    kinds = [name.partition("@")[0] for name in nodes]
    return {kind: kinds.count(kind) for kind in kinds}
