"""The report of a load test: promised and actual waits, lost answers, what to add."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

from bots.loadtest.platform import answers_to
from bots.loadtest.run import LoadLog, LoadProfile
from tasks.models import Job, Outcome, OverloadLevel, Stage, worker_kind_of
from tasks.services import Services


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a load test."""

    people: int
    """How many people sent a request."""
    minutes: float
    accepted: int
    refused: dict[str, int]
    resent: int
    """Requests that were sent again because the ledger did not answer."""
    painted: int
    reused: int
    """How many of the painted were answered with the painting of an equal request."""
    apologised: int
    waiting: int
    """Still queued when the operator stopped the load test."""
    lost: int
    """Accepted, but without an answer at the end."""
    doubled: int
    """Answered more than once."""
    intake_ms: tuple[float, float]
    """Duration of an admission, milliseconds: median and 99th percentile."""
    promised_s: float
    """Mean promised wait, seconds."""
    actual_s: tuple[float, float]
    """Actual wait, seconds: median and 95th percentile."""
    within_promise: float
    """Share of answers within 1.25 times the promised wait."""
    peak_per_s: float
    answered_per_s: float
    overload_level: str
    """The highest overload level."""
    bottleneck: str
    """The stage where most jobs waited; empty if none did."""
    most_waiting: int
    add: str
    """What to add for a peak like this one."""

    @property
    def held(self) -> bool:
        """Return whether every accepted photo got exactly one answer or is still queued."""
        return self.lost == self.doubled == 0


def report_on(services: Services, profile: LoadProfile, log: LoadLog) -> Report:
    """Read the outcome of every job. Raises `RedisError`."""
    promised = {admitted.job_id: admitted.wait_s for _, admitted in log.admitted}
    answers = answers_to(services, list(promised))
    # If memory is short, the ledger drops old records early.
    jobs = services.ledger.find_jobs(list(promised))
    ended = [job for job in jobs if job.outcome]
    waits = [_ended_at(job) - job.admitted_at for job in ended]
    kept = [wait <= 1.25 * promised[job.id] for wait, job in zip(waits, ended, strict=True)]
    unanswered = sum(count == 0 for count in answers.values())
    waiting = sum(not (j.outcome or answers[j.id]) for j in jobs) if log.stopped else 0
    peak = _peak(sorted(log.sent_s))
    bottleneck, most = _bottleneck(log)
    return Report(
        people=len(log.sent_s),
        minutes=profile.minutes,
        accepted=len(promised),
        refused=dict(Counter(refusal.reason for refusal in log.refused)),
        resent=len(log.resent),
        painted=sum(job.outcome is Outcome.ANSWERED for job in jobs),
        reused=sum(any(c.event == "reused" for c in job.history) for job in jobs),
        apologised=sum(job.outcome is Outcome.APOLOGISED for job in jobs),
        waiting=waiting,
        lost=unanswered - waiting,
        doubled=sum(count > 1 for count in answers.values()),
        intake_ms=(1000 * _share(log.intake_s, 0.5), 1000 * _share(log.intake_s, 0.99)),
        promised_s=sum(promised.values()) / max(1, len(promised)),
        actual_s=(_share(waits, 0.5), _share(waits, 0.95)),
        within_promise=sum(kept) / max(1, len(kept)),
        peak_per_s=peak,
        answered_per_s=_rate(ended),
        overload_level=max(
            (stats.overload_level for stats in log.samples),
            key=lambda level: list(OverloadLevel).index(OverloadLevel(level)),
            default=OverloadLevel.NORMAL,
        ),
        bottleneck=bottleneck,
        most_waiting=most,
        add=_advice(log, bottleneck, peak),
    )


def _rate(ended: Sequence[Job]) -> float:
    """Return the answers per second between the first request and the last answer, 0 without any."""
    if not ended:
        return 0.0
    span_s = max(map(_ended_at, ended)) - min(job.admitted_at for job in ended)
    return len(ended) / span_s if span_s > 0 else 0.0


def _ended_at(job: Job) -> float:
    return job.history[-1].at if job.history else job.admitted_at


def _peak(arrivals: Sequence[float], window_s: float = 5.0) -> float:
    """Return the highest rate of arrivals, per second, in any window of `window_s` seconds."""
    most, end = 0, 0
    for begin, at in enumerate(arrivals):
        while end < len(arrivals) and arrivals[end] < at + window_s:
            end += 1
        most = max(most, end - begin)
    return most / window_s


def _share(values: Sequence[float], share: float) -> float:
    """Return the quantile of the values at `share` (0..1), 0 without any."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def _bottleneck(log: LoadLog) -> tuple[str, int]:
    most = {s: max((stats.stages[s].waiting for stats in log.samples), default=0) for s in Stage}
    stage = max(most, key=lambda stage: most[stage])
    return (str(stage), most[stage]) if most[stage] else ("", 0)


def _advice(log: LoadLog, bottleneck: str, peak_per_s: float) -> str:
    if not bottleneck:
        return "nothing: no job had to wait"
    stage = Stage(bottleneck)
    can = _done_per_s(log, stage)
    # A restarted worker is listed twice for a while.
    busy = [stats.stages[stage] for stats in log.samples if stats.stages[stage].waiting]
    workers = max(1, median_low(len(stats.workers) for stats in busy))
    kind = worker_kind_of(stage)
    if can is None or can >= peak_per_s:
        return "nothing: the queue was short-lived"
    if not can:
        return f"{kind} workers: none was running"
    wanted = -(-peak_per_s * workers // can)
    return (
        f"{wanted - workers:.0f} {kind} workers like the present {workers}, with cores of their own"
    )


def _done_per_s(log: LoadLog, stage: Stage) -> float | None:
    """Return the jobs per second of a stage while its queue was not empty: its measured capacity.

    None if no two samples in a row saw a queue.
    """
    done = seconds = 0.0
    for before, after in pairwise(log.samples):
        if before.stages[stage].waiting and after.stages[stage].waiting:
            done += after.total("worked", stage) - before.total("worked", stage)
            seconds += after.at - before.at
    return done / seconds if seconds else None
