"""A Celery worker process: `io` fetches and delivers, `gpu` paints in as many threads as its engine has."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

import structlog
from celery import Celery, signals
from celery.exceptions import SecurityWarning
from redis.exceptions import RedisError

from pipeline.engine import Engine
from pipeline.errors import EngineUnusable
from tasks.engines import engine_id, open_engine, open_screen, open_signer, open_styles
from tasks.heartbeat import heartbeat, process_name
from tasks.models import WORKER_STAGES, Stage, WorkerKind
from tasks.platform import Platforms
from tasks.services import Services, open_services
from tasks.settings import Settings
from tasks.telemetry.tracing import open_tracing
from tasks.worker.celery_app import make_app, make_wake, task_name
from tasks.worker.context import RenderContext, ThroughputMeter, Work, WorkerContext, process_stage
from tasks.worker.deliver import deliver
from tasks.worker.fetch import fetch
from tasks.worker.leases import LeaseRenewer
from tasks.worker.preference import STANDS_BY, STATE, Preference
from tasks.worker.render import render

_log = structlog.get_logger()

_REPORT_EVERY_S = 5.0
_RETRACT_EVERY_S = 2.0
_PREFERENCE_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class _StageWork:
    """How a worker works on one stage."""

    most: int
    """Maximum number of photos per claim."""
    work: Work


@dataclass(frozen=True, slots=True)
class _Duties:
    """The stages and background loops of one kind of worker."""

    stages: Mapping[Stage, _StageWork]
    background: tuple[Callable[[], None], ...] = ()
    """Functions that each run in a thread."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Facts that its heartbeat reports."""


def run_worker(kind: WorkerKind, settings: Settings, threads: int) -> int:
    """Work until a signal stops the process; return the exit code. `threads` are those of an `io` worker.

    Raises `RedisUnavailable`, `EngineUnusable`, `CheckMissing`.
    """
    app = make_app(settings)
    services = open_services(settings, make_wake(app), open_tracing(settings))
    engine = _open_engine(services) if kind == "gpu" else None
    slots = engine.threads if engine else threads
    context = _open_context(services, kind, slots)
    duties = _gpu_duties(context, engine) if engine else _io_duties(context)
    for stage, how in duties.stages.items():
        app.task(name=task_name(stage))(_task(app, kind, context, stage, how))
    _follow_signals(kind, context)
    loops: list[Callable[[], None]] = [partial(_report, context), *duties.background]
    if engine:
        loops.append(
            partial(_follow_preference, context, Preference(app, context, engine.name, _node(kind)))
        )
    for loop in loops:
        threading.Thread(target=loop, daemon=True).start()
    # Celery warns about pickled messages when run as root; this worker accepts JSON only.
    warnings.simplefilter("ignore", SecurityWarning)
    alive = heartbeat(services.heartbeats, kind, lambda: {**duties.facts, **_state(context)})
    with closing(services.tracing), alive:
        app.worker_main(
            [
                "--quiet",
                "worker",
                "--pool=threads",
                f"--concurrency={slots}",
                f"--queues={','.join(WORKER_STAGES[kind])}",
                f"--hostname={_node(kind)}",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                f"--loglevel={settings.log_level}",
            ]
        )
    context.leases.stop()
    return 0


def _open_context(services: Services, kind: WorkerKind, slots: int) -> WorkerContext:
    settings = services.settings
    context = WorkerContext(
        services=services,
        platforms=Platforms(services),
        styles=open_styles(),
        screen=open_screen(settings),
        leases=LeaseRenewer(services.ledger, settings.lease_s),
        throughput=ThroughputMeter(services.controls, WORKER_STAGES[kind], process_name(), slots),
    )
    context.leases.start()
    return context


def _open_engine(services: Services) -> Engine:
    engine = open_engine(services.settings)
    engine.warm_up()
    services.controls.announce_engine(engine_id(engine))
    _log.info("engine_ready", engine=engine_id(engine))
    return engine


def _io_duties(context: WorkerContext) -> _Duties:
    stages = {
        Stage.FETCH: _StageWork(1, partial(fetch, context)),
        Stage.DELIVER: _StageWork(1, partial(deliver, context)),
    }
    return _Duties(stages, (partial(_retract, context),))


def _gpu_duties(context: WorkerContext, engine: Engine) -> _Duties:
    services = context.services
    rendering = RenderContext(context, engine, open_signer(services.settings))
    work = _StageWork(services.settings.render_batch, partial(render, rendering))
    announce = partial(_announce_engine, context, engine)
    return _Duties({Stage.RENDER: work}, (announce,), {"engine": engine_id(engine)})


def _task(
    app: Celery, kind: WorkerKind, context: WorkerContext, stage: Stage, how: _StageWork
) -> Callable[[], None]:
    """Return the Celery task that a wake-up of this stage starts."""

    def run() -> None:
        try:
            process_stage(context, stage, how.most, how.work)
        except EngineUnusable as error:
            _log.error("engine_unusable", error=str(error), action="restart the worker")
            context.stopping.set()
            app.control.shutdown(destination=[_node(kind)])

    return run


def _follow_signals(kind: WorkerKind, context: WorkerContext) -> None:
    def ready(**_: object) -> None:
        context.ready.set()
        for stage in WORKER_STAGES[kind]:
            context.services.ledger.wake(stage)

    def stop(**_: object) -> None:
        context.stopping.set()

    # weak=False: Celery keeps weak references, and these functions would be garbage-collected.
    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)


def _report(context: WorkerContext) -> None:
    def report() -> None:
        # What stands by does not shorten the wait.
        if not context.standing_by.is_set():
            context.throughput.report()

    _repeat(context, _REPORT_EVERY_S, report, "throughput_not_reported")


def _announce_engine(context: WorkerContext, engine: Engine) -> None:
    def announce() -> None:
        if not context.standing_by.is_set():
            context.services.controls.announce_engine(engine_id(engine))

    _repeat(context, _REPORT_EVERY_S, announce, "engine_not_announced")


def _follow_preference(context: WorkerContext, preference: Preference) -> None:
    _repeat(context, _PREFERENCE_EVERY_S, preference.follow, "preference_not_followed")


def _state(context: WorkerContext) -> dict[str, str]:
    """Return what a worker that takes no jobs reports of itself."""
    return {STATE: STANDS_BY} if context.standing_by.is_set() else {}


def _retract(context: WorkerContext) -> None:
    run = partial(context.services.retractions.run, context.platforms.retract)
    _repeat(context, _RETRACT_EVERY_S, run, "retractions_not_run")


def _repeat(
    context: WorkerContext, every_s: float, action: Callable[[], object], failure: str
) -> None:
    while not context.stopping.wait(every_s):
        try:
            action()
        except RedisError as error:
            _log.warning(failure, error=str(error), action="retry")


def _node(kind: WorkerKind) -> str:
    return f"{kind}@{process_name()}"
