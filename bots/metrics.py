"""Prometheus metrics of the whole bot. Dashboards depend on their names, so these must not change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bots.plugins import plugins
from tasks.models import OverloadLevel
from tasks.services import Services
from tasks.stats import WAIT_BOUNDS_S, FleetStats, StageStats, read_stats

Labels = tuple[str, ...]


class FleetCollector(Collector):
    """Reads the ledger at each scrape: every web process reports the metrics of the whole bot."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._platform_metrics = [plugin.metrics() for plugin in plugins().values()]

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics. Raises `RedisError`."""
        yield from metrics_of(read_stats(self._services))
        for metrics in self._platform_metrics:
            if metrics is not None:
                yield from metrics(self._services)


def metrics_of(stats: FleetStats) -> Iterator[Metric]:
    """Yield the metrics of the whole bot."""
    for part in (_requests, _jobs, _waits, _work, _models, _controls, _processes):
        yield from part(stats)


def _requests(stats: FleetStats) -> Iterator[Metric]:
    counts = stats.counts
    yield _counter(
        "suisai_requests_admitted",
        "Requests that were accepted.",
        ["platform"],
        _split(counts, "admitted"),
    )
    yield _counter(
        "suisai_requests_refused",
        "Requests that were refused, by reason.",
        ["platform", "reason"],
        _split(counts, "refused"),
    )
    yield _counter(
        "suisai_jobs_ended",
        "Jobs that ended, by outcome.",
        ["platform", "outcome"],
        _split(counts, "ended"),
    )
    yield _counter(
        "suisai_answers_reconciled",
        "Deliveries of unknown outcome whose answer was found on the platform.",
        ["platform"],
        _split(counts, "reconciled"),
    )


def _jobs(stats: FleetStats) -> Iterator[Metric]:
    waiting: dict[Labels, float] = {
        (stage, lane): count
        for stage, now in stats.stages.items()
        for lane, count in now.ready.items()
    }
    yield _gauge(
        "suisai_jobs_waiting",
        "Ready jobs. A lane is a platform, in `render` a platform, a shape and perhaps a model.",
        ["stage", "lane"],
        waiting,
    )
    yield _by_stage(stats, "suisai_jobs_leased", "Jobs that a worker holds.", lambda s: s.leased)
    yield _by_stage(
        stats, "suisai_oldest_job_seconds", "Age of the oldest ready job.", lambda s: s.oldest_s
    )
    yield GaugeMetricFamily("suisai_jobs_delayed", "Jobs between two attempts.", stats.delayed)
    yield GaugeMetricFamily("suisai_jobs_dead", "Jobs on the dead list.", stats.dead)
    yield CounterMetricFamily(
        "suisai_jobs_given_up", "Jobs that were put on the dead list.", stats.counts.get("dead", 0)
    )
    yield _counter("suisai_retries", "Failed attempts.", ["stage"], _split(stats.counts, "retried"))


def _waits(stats: FleetStats) -> Iterator[Metric]:
    counts = stats.counts
    wait = HistogramMetricFamily("suisai_wait_seconds", "Actual waits, from admission to answer.")
    buckets, so_far = [], 0
    for bound in WAIT_BOUNDS_S:
        so_far += counts.get(f"waited-s:{bound}", 0)
        buckets.append((f"{bound:.1f}", float(so_far)))
    buckets.append(("+Inf", float(so_far + counts.get("waited-s:more", 0))))
    wait.add_metric([], buckets, sum_value=counts.get("waited-ms", 0) / 1000)
    yield wait
    yield CounterMetricFamily(
        "suisai_wait_promised_seconds",
        "Sum of the promised waits of answered jobs.",
        counts.get("promised-ms", 0) / 1000,
    )
    yield CounterMetricFamily(
        "suisai_wait_promises_kept",
        "Answers within 1.25 times the promised wait.",
        counts.get("promises-kept", 0),
    )


def _work(stats: FleetStats) -> Iterator[Metric]:
    counts = stats.counts
    yield CounterMetricFamily("suisai_jobs_painted", "Jobs painted.", counts.get("painted", 0))
    yield CounterMetricFamily(
        "suisai_jobs_reused",
        "Jobs answered with an existing painting.",
        counts.get("reused", 0),
    )
    for name, prefix, unit, about in (
        ("suisai_stage_jobs", "worked", 1, "Jobs that workers have processed."),
        ("suisai_stage_calls", "calls", 1, "Batches of these jobs."),
        ("suisai_stage_busy_seconds", "busy-ms", 1000, "Time that workers spent on these batches."),
    ):
        sums = {labels: value / unit for labels, value in _split(counts, prefix).items()}
        yield _counter(name, about, ["stage"], sums)
    yield _by_stage(
        stats,
        "suisai_stage_jobs_per_second",
        "Measured capacity of the live workers.",
        lambda s: s.jobs_per_s,
    )
    yield _by_stage(stats, "suisai_stage_seconds", "Mean time of one job.", lambda s: s.latency_s)
    speeds: dict[Labels, float] = {
        (stage, name): jobs_per_s
        for stage, now in stats.stages.items()
        for name, jobs_per_s in now.workers.items()
    }
    yield _gauge(
        "suisai_worker_jobs_per_second",
        "Measured capacity of one worker.",
        ["stage", "worker"],
        speeds,
    )


def _models(stats: FleetStats) -> Iterator[Metric]:
    yield _gauge(
        "suisai_model_workers",
        "Live workers that paint with a model and take jobs.",
        ["model"],
        {(name,): float(model.workers) for name, model in stats.models.items()},
    )
    yield _counter(
        "suisai_model_jobs",
        "Jobs by model: routed to it, painted by it, failed attempts, routed to it but painted by another.",
        ["model", "event"],
        {
            (name, event): float(getattr(model, event))
            for name, model in stats.models.items()
            for event in ("routed", "painted", "failed", "missed")
        },
    )


def _controls(stats: FleetStats) -> Iterator[Metric]:
    paused: dict[Labels, float] = {
        (what, platform): 1.0
        for what, _, platform in (name.partition(":") for name in stats.paused)
    }
    yield _gauge("suisai_paused", "1 for each pause.", ["what", "platform"], paused)
    yield _gauge(
        "suisai_overload_level",
        "1 for the present overload level.",
        ["level"],
        {(level,): float(stats.overload_level == level) for level in OverloadLevel},
    )
    yield _counter(
        "suisai_overload_level_changes",
        "Changes to an overload level.",
        ["level"],
        _split(stats.counts, "overload"),
    )
    yield _gauge(
        "suisai_platform_answers_per_second",
        "Answers per second that a platform allows.",
        ["platform"],
        {(name,): quota.count / quota.window_s for name, quota in stats.quotas.items()},
    )
    yield CounterMetricFamily(
        "suisai_people_paused",
        "People paused for forbidden photos.",
        stats.counts.get("paused-users", 0),
    )


def _processes(stats: FleetStats) -> Iterator[Metric]:
    kinds = [process.kind for process in stats.processes]
    draining = [process.kind for process in stats.processes if process.name in stats.draining]
    yield _gauge(
        "suisai_processes",
        "Live processes of the bot.",
        ["kind"],
        {(kind,): float(kinds.count(kind)) for kind in kinds},
    )
    yield _gauge(
        "suisai_processes_draining",
        "Live processes that take no new job.",
        ["kind"],
        {(kind,): float(draining.count(kind)) for kind in kinds},
    )
    yield GaugeMetricFamily(
        "suisai_ledger_memory_bytes", "Memory of the ledger's server.", stats.memory_bytes
    )
    yield GaugeMetricFamily(
        "suisai_ledger_memory_limit_bytes",
        "Memory limit of the ledger's server.",
        stats.memory_limit_bytes,
    )


def _by_stage(
    stats: FleetStats, name: str, about: str, value: Callable[[StageStats], float]
) -> Metric:
    values: dict[Labels, float] = {(s,): value(now) for s, now in stats.stages.items()}
    return _gauge(name, about, ["stage"], values)


def _split(counts: Mapping[str, int], prefix: str) -> dict[Labels, float]:
    """Select the counts whose names begin with a prefix; the rest of a name is its labels."""
    return {
        tuple(labels): float(value)
        for name, value in counts.items()
        for first, *labels in (name.split(":"),)
        if first == prefix and labels
    }


def _counter(name: str, about: str, labels: list[str], values: Mapping[Labels, float]) -> Metric:
    return _filled(CounterMetricFamily(name, about, labels=labels), values)


def _gauge(name: str, about: str, labels: list[str], values: Mapping[Labels, float]) -> Metric:
    return _filled(GaugeMetricFamily(name, about, labels=labels), values)


def _filled(
    metric: CounterMetricFamily | GaugeMetricFamily, values: Mapping[Labels, float]
) -> Metric:
    for labels, value in sorted(values.items()):
        metric.add_metric(labels, value)
    return metric
