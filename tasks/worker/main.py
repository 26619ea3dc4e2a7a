"""A Celery worker process: `io` fetches and delivers, `gpu` paints in as many threads as its engine has."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial

import structlog
from celery import Celery, signals
from celery.exceptions import SecurityWarning
from redis.exceptions import RedisError

from pipeline.engine import Engine
from pipeline.errors import EngineUnusable
from tasks.engines import engine_id, open_engine, open_screen, open_signer, open_styles, painting_of
from tasks.heartbeat import heartbeat, process_name
from tasks.models import WORKER_STAGES, Stage, WorkerKind
from tasks.platform import Platforms
from tasks.routing import PaintingWorker, queues_of
from tasks.services import Services, open_services
from tasks.settings import Settings
from tasks.telemetry.tracing import open_tracing
from tasks.worker.availability import Availability
from tasks.worker.celery_app import make_app, make_wake, task_name
from tasks.worker.deliver import deliver
from tasks.worker.fetch import fetch
from tasks.worker.leases import LeaseRenewer
from tasks.worker.loop import RenderContext, ThroughputMeter, Work, WorkerContext, process_stage
from tasks.worker.render import render

_log = structlog.get_logger()

_REPORT_EVERY_S = 5.0
_RETRACT_EVERY_S = 2.0
_AVAILABILITY_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class _StageWork:
    """How a worker works on one stage."""

    most: int
    """Maximum number of photos per claim."""
    work: Work


@dataclass(frozen=True, slots=True)
class _WorkerSetup:
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
    services.routing.undrain(process_name())  # of an earlier process with this name
    engine = _open_engine(settings) if kind == "gpu" else None
    slots = engine.threads if engine else threads
    painting = painting_of(engine) if engine else None
    context = _open_context(services, kind, slots, painting)
    setup = _gpu_setup(context, engine) if engine else _io_setup(context)
    for stage, how in setup.stages.items():
        app.task(name=task_name(stage))(_task(app, kind, context, stage, how))
    _follow_signals(kind, context)
    availability = Availability(app, context, kind, _node(kind))
    loops: list[Callable[[], None]] = [
        partial(_report, context),
        partial(_follow_availability, context, availability, engine),
        *setup.background,
    ]
    for loop in loops:
        threading.Thread(target=loop, daemon=True).start()
    # Celery warns about pickled messages when run as root; this worker accepts JSON only.
    warnings.simplefilter("ignore", SecurityWarning)
    alive = heartbeat(services.heartbeats, kind, lambda: {**setup.facts, **availability.state})
    with closing(services.tracing), alive:
        app.worker_main(
            [
                "--quiet",
                "worker",
                "--pool=threads",
                f"--concurrency={slots}",
                f"--queues={','.join(availability.queues)}",
                f"--hostname={_node(kind)}",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                f"--loglevel={settings.log_level}",
            ]
        )
    context.leases.stop()
    return 0


def _open_context(
    services: Services, kind: WorkerKind, slots: int, painting: PaintingWorker | None
) -> WorkerContext:
    settings = services.settings
    context = WorkerContext(
        services=services,
        platforms=Platforms(services),
        styles=open_styles(),
        screen=open_screen(settings),
        leases=LeaseRenewer(services.ledger, settings.lease_s),
        throughput=ThroughputMeter(services.controls, WORKER_STAGES[kind], process_name(), slots),
        queues={Stage.RENDER: queues_of(painting)} if painting else {},
    )
    context.leases.start()
    return context


def _open_engine(settings: Settings) -> Engine:
    engine = open_engine(settings)
    engine.warm_up()
    _log.info("engine_ready", engine=engine_id(engine))
    return engine


def _io_setup(context: WorkerContext) -> _WorkerSetup:
    stages = {
        Stage.FETCH: _StageWork(1, partial(fetch, context)),
        Stage.DELIVER: _StageWork(1, partial(deliver, context)),
    }
    return _WorkerSetup(stages, (partial(_retract, context),))


def _gpu_setup(context: WorkerContext, engine: Engine) -> _WorkerSetup:
    services = context.services
    rendering = RenderContext(context, engine, open_signer(services.settings))
    work = _StageWork(services.settings.render_batch, partial(render, rendering))
    painting = painting_of(engine)
    services.routing.announce(context.name, painting)
    announce = partial(_announce, context, painting)
    return _WorkerSetup({Stage.RENDER: work}, (announce,), {"engine": engine_id(engine)})


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
        for queue in context.queues_of_kind(kind):
            context.services.ledger.wake(queue)

    def stop(**_: object) -> None:
        context.stopping.set()

    # weak=False: Celery keeps weak references, and these functions would be garbage-collected.
    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)


def _report(context: WorkerContext) -> None:
    def report() -> None:
        # What takes no jobs does not shorten the wait.
        if context.takes_jobs:
            context.throughput.report()

    _repeat(context, _REPORT_EVERY_S, report, "throughput_not_reported")


def _announce(context: WorkerContext, painting: PaintingWorker) -> None:
    def announce() -> None:
        if context.takes_jobs:
            context.services.routing.announce(context.name, painting)

    _repeat(context, _REPORT_EVERY_S, announce, "engine_not_announced")
    with suppress(RedisError):  # the announcement is stale soon
        context.services.routing.leave(context.name)


def _follow_availability(
    context: WorkerContext, availability: Availability, engine: Engine | None
) -> None:
    def follow() -> None:
        if engine is not None:
            availability.follow_preference(engine.name)
        availability.follow_drain()

    _repeat(context, _AVAILABILITY_EVERY_S, follow, "availability_not_followed")


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
