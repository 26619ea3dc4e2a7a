"""The fleet's numbers in the words of Prometheus; their names are a promise to dashboards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from tasks.services import Services
from tasks.stats import WAIT_BOUNDS_S, FleetStats, StageStats, read_stats

GROUP = "suisai.metrics"
"""Entry points of this group name functions from `Services` to metrics of one platform."""

Labels = tuple[str, ...]

STEPS = ("normal", "brownout", "refuse")


class FleetCollector(Collector):
    """Reads the ledger at each scrape, so that any web process tells the whole fleet's story."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rooms = [point.load() for point in entry_points(group=GROUP)]

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics. Raises `RedisError`."""
        yield from metrics_of(read_stats(self._services))
        for room in self._rooms:
            yield from room(self._services)


def metrics_of(gauges: FleetStats) -> Iterator[Metric]:
    """Put the gauges into metrics."""
    for part in (_asks, _jobs, _waits, _work, _switches, _house):
        yield from part(gauges)


def _asks(gauges: FleetStats) -> Iterator[Metric]:
    counts = gauges.counts
    yield _counter(
        "suisai_asks_admitted", "Asks that were accepted.", ["platform"], _split(counts, "admitted")
    )
    yield _counter(
        "suisai_asks_refused",
        "Asks that were refused at once, and why.",
        ["platform", "reason"],
        _split(counts, "refused"),
    )
    yield _counter(
        "suisai_jobs_ended",
        "Jobs that ended, and how.",
        ["platform", "outcome"],
        _split(counts, "ended"),
    )
    yield _counter(
        "suisai_answers_reconciled",
        "Answers of unknown fate that the platform was asked about and that stood.",
        ["platform"],
        _split(counts, "reconciled"),
    )


def _jobs(gauges: FleetStats) -> Iterator[Metric]:
    waiting: dict[Labels, float] = {
        (stage, lane): count
        for stage, now in gauges.stages.items()
        for lane, count in now.ready.items()
    }
    yield _gauge(
        "suisai_jobs_waiting",
        "Jobs in line. A lane is a platform, in `render` a shape.",
        ["stage", "lane"],
        waiting,
    )
    yield _by_stage(gauges, "suisai_jobs_leased", "Jobs in a worker's hands.", lambda s: s.leased)
    yield _by_stage(
        gauges, "suisai_oldest_job_seconds", "Age of the first in line.", lambda s: s.oldest_s
    )
    yield GaugeMetricFamily("suisai_jobs_later", "Jobs between two tries.", gauges.delayed)
    yield GaugeMetricFamily("suisai_jobs_dead", "Jobs on the dead list.", gauges.dead)
    yield CounterMetricFamily(
        "suisai_jobs_given_up", "Jobs that went onto the dead list.", gauges.counts.get("dead", 0)
    )
    yield _counter(
        "suisai_retries", "Tries that came to nothing.", ["stage"], _split(gauges.counts, "retried")
    )


def _waits(gauges: FleetStats) -> Iterator[Metric]:
    counts = gauges.counts
    wait = HistogramMetricFamily("suisai_wait_seconds", "Waits that people had, ask to answer.")
    buckets, so_far = [], 0
    for bound in WAIT_BOUNDS_S:
        so_far += counts.get(f"waited-s:{bound}", 0)
        buckets.append((f"{bound:.1f}", float(so_far)))
    buckets.append(("+Inf", float(so_far + counts.get("waited-s:more", 0))))
    wait.add_metric([], buckets, sum_value=counts.get("waited-ms", 0) / 1000)
    yield wait
    yield CounterMetricFamily(
        "suisai_wait_said_seconds",
        "Sum of the waits that were said to those who were answered.",
        counts.get("promised-ms", 0) / 1000,
    )
    yield CounterMetricFamily(
        "suisai_waits_kept",
        "Answers that came within 1.25 times the wait that was said.",
        counts.get("promises-kept", 0),
    )


def _work(gauges: FleetStats) -> Iterator[Metric]:
    counts = gauges.counts
    yield CounterMetricFamily("suisai_jobs_painted", "Jobs painted.", counts.get("painted", 0))
    yield CounterMetricFamily(
        "suisai_jobs_reused",
        "Jobs answered with a painting that was there.",
        counts.get("reused", 0),
    )
    for name, prefix, unit, about in (
        ("suisai_stage_jobs", "worked", 1, "Jobs that workers had in hand."),
        ("suisai_stage_calls", "calls", 1, "Batches that these jobs were worked on in."),
        ("suisai_stage_busy_seconds", "busy-ms", 1000, "Time that workers spent on them."),
    ):
        sums = {labels: value / unit for labels, value in _split(counts, prefix).items()}
        yield _counter(name, about, ["stage"], sums)
    yield _by_stage(
        gauges,
        "suisai_stage_jobs_per_second",
        "What the live workers can do together, as measured.",
        lambda s: s.jobs_per_s,
    )
    yield _by_stage(
        gauges, "suisai_stage_seconds", "Time that one job takes.", lambda s: s.latency_s
    )
    speeds: dict[Labels, float] = {
        (stage, name): jobs_per_s
        for stage, now in gauges.stages.items()
        for name, jobs_per_s in now.workers.items()
    }
    yield _gauge(
        "suisai_worker_jobs_per_second", "What one worker can do.", ["stage", "worker"], speeds
    )


def _switches(gauges: FleetStats) -> Iterator[Metric]:
    paused: dict[Labels, float] = {
        (what, platform): 1.0
        for what, _, platform in (name.partition(":") for name in gauges.paused)
    }
    yield _gauge("suisai_paused", "1 for what is paused.", ["what", "platform"], paused)
    yield _gauge(
        "suisai_ladder",
        "The surge ladder: 1 for the step it stands on.",
        ["step"],
        {(step,): float(gauges.overload_level == step) for step in STEPS},
    )
    yield _counter(
        "suisai_ladder_changes",
        "Times that the ladder came to a step.",
        ["step"],
        _split(gauges.counts, "overload"),
    )
    yield _gauge(
        "suisai_platform_answers_per_second",
        "What a platform lets the bot send.",
        ["platform"],
        {(name,): quota.count / quota.window_s for name, quota in gauges.quotas.items()},
    )
    yield CounterMetricFamily(
        "suisai_people_paused",
        "People who were paused for photos that may not be painted.",
        gauges.counts.get("paused-users", 0),
    )


def _house(gauges: FleetStats) -> Iterator[Metric]:
    kinds = [process.kind for process in gauges.processes]
    yield _gauge(
        "suisai_processes",
        "Live processes of the bot.",
        ["kind"],
        {(kind,): float(kinds.count(kind)) for kind in kinds},
    )
    yield GaugeMetricFamily(
        "suisai_ledger_memory_bytes", "Memory of the ledger's server.", gauges.memory_bytes
    )
    yield GaugeMetricFamily(
        "suisai_ledger_memory_limit_bytes", "What it may use.", gauges.memory_limit_bytes
    )


def _by_stage(
    gauges: FleetStats, name: str, about: str, value: Callable[[StageStats], float]
) -> Metric:
    values: dict[Labels, float] = {(s,): value(now) for s, now in gauges.stages.items()}
    return _gauge(name, about, ["stage"], values)


def _split(counts: Mapping[str, int], prefix: str) -> dict[Labels, float]:
    """Pick the counts below a prefix; the rest of their names are the labels."""
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
