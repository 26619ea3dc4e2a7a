"""A Celery worker process: `io` fetches and delivers, `gpu` paints in as many threads as its engine has."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import fields
from typing import Literal

import structlog
from celery import Celery, signals
from celery.exceptions import SecurityWarning
from redis.exceptions import RedisError

from pipeline.engine import Engine
from pipeline.errors import EngineUnusable
from tasks.engines import engine_id, open_engine, open_screen, open_signer, open_styles
from tasks.heartbeat import heartbeat, process_name
from tasks.models import Stage
from tasks.platform import Platforms
from tasks.services import Services, open_services
from tasks.settings import Settings
from tasks.telemetry.tracing import open_traces
from tasks.worker.celery_app import make_app, make_wake, task_name
from tasks.worker.context import RenderContext, WorkerContext, process_stage
from tasks.worker.deliver import deliver
from tasks.worker.fetch import fetch
from tasks.worker.leases import LeaseRenewer
from tasks.worker.render import render
from tasks.worker.throughput import ThroughputMeter

_log = structlog.get_logger()

Kind = Literal["io", "gpu"]

_STAGES: Mapping[Kind, tuple[Stage, ...]] = {
    "io": (Stage.FETCH, Stage.DELIVER),
    "gpu": (Stage.RENDER,),
}

_REPORT_EVERY_S = 5.0

_RETRACT_EVERY_S = 2.0


def run_worker(kind: Kind, settings: Settings, threads: int) -> int:
    """Work until a signal says stop; return the exit code. `threads` are those of an `io` worker.

    Raises `StoreUnreachable`, `EngineUnusable`, `CheckMissing`.
    """
    app = make_app(settings)
    services = open_services(settings, make_wake(app), open_traces(settings))
    stopping = threading.Event()
    if kind == "gpu":
        engine = _ready_engine(services, open_engine(settings))
        slots = engine.threads
        shift: WorkerContext = _begin_painting(services, engine, stopping)
    else:
        slots = threads
        shift = _begin_shift(services, kind, slots, stopping)
    for stage, task in _tasks(app, shift).items():
        app.task(name=task_name(stage))(task)
    _follow_signals(kind, shift)
    threading.Thread(target=_report, args=(shift,), name="report", daemon=True).start()
    if kind == "io":
        threading.Thread(target=_retract, args=(shift,), name="retract", daemon=True).start()
    # It warns root of pickled messages; this worker accepts JSON only.
    warnings.simplefilter("ignore", SecurityWarning)
    here = heartbeat(services.heartbeats, kind, lambda: _facts(shift))
    with closing(services.traces), here:
        app.worker_main(
            [
                "--quiet",
                "worker",
                "--pool=threads",
                f"--concurrency={slots}",
                f"--queues={','.join(_STAGES[kind])}",
                f"--hostname={_node(kind)}",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                f"--loglevel={settings.log_level}",
            ]
        )
    shift.keeper.stop()
    return 0


def _begin_shift(
    services: Services, kind: Kind, slots: int, stopping: threading.Event
) -> WorkerContext:
    settings = services.settings
    shift = WorkerContext(
        services=services,
        platforms=Platforms(services),
        styles=open_styles(),
        screen=open_screen(settings),
        keeper=LeaseRenewer(services.ledger, settings.lease_s),
        pace=ThroughputMeter(services.controls, _STAGES[kind], process_name(), slots),
        stopping=stopping,
    )
    shift.keeper.start()
    return shift


def _ready_engine(services: Services, engine: Engine) -> Engine:
    engine.warm_up()
    services.controls.announce_engine(engine_id(engine))
    _log.info("engine ready", engine=engine_id(engine))
    return engine


def _begin_painting(services: Services, engine: Engine, stopping: threading.Event) -> RenderContext:
    plain = _begin_shift(services, "gpu", engine.threads, stopping)
    own = {field.name: getattr(plain, field.name) for field in fields(plain)}
    return RenderContext(**own, engine=engine, seal=open_signer(services.settings))


def _tasks(app: Celery, shift: WorkerContext) -> dict[Stage, Callable[[], None]]:
    """Return what each of this worker's wake-ups starts."""
    if not isinstance(shift, RenderContext):

        def take_in() -> None:
            process_stage(shift, Stage.FETCH, 1, fetch)

        def send_out() -> None:
            process_stage(shift, Stage.DELIVER, 1, deliver)

        return {Stage.FETCH: take_in, Stage.DELIVER: send_out}
    most = shift.services.settings.render_batch

    def paint() -> None:
        try:
            process_stage(shift, Stage.RENDER, most, render)
        except EngineUnusable as error:
            _log.error("the engine cannot go on, this worker ends for a new one", error=str(error))
            shift.stopping.set()
            app.control.shutdown(destination=[_node("gpu")])

    return {Stage.RENDER: paint}


def _follow_signals(kind: Kind, shift: WorkerContext) -> None:
    def ready(**_: object) -> None:
        for stage in _STAGES[kind]:
            shift.services.ledger.wake(stage)

    def stop(**_: object) -> None:
        shift.stopping.set()

    # weak=False: Celery would otherwise forget these functions as soon as this one returns.
    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)


def _report(shift: WorkerContext) -> None:
    while not shift.stopping.wait(_REPORT_EVERY_S):
        try:
            shift.pace.report()
            if isinstance(shift, RenderContext):
                shift.services.controls.announce_engine(engine_id(shift.engine))
        except RedisError as error:
            _log.warning("pace not reported, trying again", error=str(error))


def _retract(shift: WorkerContext) -> None:
    while not shift.stopping.wait(_RETRACT_EVERY_S):
        try:
            shift.services.retractions.run(shift.platforms.__getitem__)
        except RedisError as error:
            _log.warning("retractions_not_run", error=str(error), action="retry")


def _facts(shift: WorkerContext) -> dict[str, str]:
    return {"engine": engine_id(shift.engine)} if isinstance(shift, RenderContext) else {}


def _node(kind: Kind) -> str:
    return f"{kind}@{process_name()}"
