"""What an operator wants to know before a launch: what was promised, what was kept, what to add."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

from bots.loadtest.platform import answers_to
from bots.loadtest.run import LoadLog, LoadProfile
from bots.metrics import STEPS
from tasks.models import Job, Outcome, Stage
from tasks.services import Services

_WORKERS = {Stage.FETCH: "io", Stage.RENDER: "gpu", Stage.DELIVER: "io"}


@dataclass(frozen=True, slots=True)
class Report:
    """A rehearsal in figures."""

    people: int
    """How many asked."""
    minutes: float
    accepted: int
    refused: dict[str, int]
    unheard: int
    """Asks that had to be sent again because the ledger did not answer."""
    painted: int
    reused: int
    """Of the painted: answered from the store, because somebody had sent the same photo."""
    apologised: int
    waiting: int
    """Still in line when the operator ended the rehearsal."""
    lost: int
    """Accepted, but without an answer when nothing moved any more."""
    doubled: int
    intake_ms: tuple[float, float]
    """Of an admission: the half, and 99 of 100, took at most this."""
    said_s: float
    """Wait that was said, on average."""
    had_s: tuple[float, float]
    """Wait that was had: half, and 95 of 100, at most."""
    kept: float
    """Share of answers within 1.25 times the wait that was said."""
    peak_per_s: float
    answered_per_s: float
    ladder: str
    """The highest step of the surge ladder."""
    narrowest: str
    """The stage where most jobs waited."""
    most_waiting: int
    add: str
    """What would have let the peak through."""

    @property
    def held(self) -> bool:
        """Every accepted photo got exactly one answer, as far as it was waited for."""
        return self.lost == self.doubled == 0


def report_on(services: Services, surge: LoadProfile, log: LoadLog) -> Report:
    """Look up what became of everybody. Raises `RedisError`."""
    told = {admitted.job_id: admitted.wait_s for _, admitted in log.admitted}
    answers = answers_to(services, list(told))
    # Where memory is short, records go before their time.
    jobs = services.ledger.find_jobs(list(told))
    ended = [job for job in jobs if job.outcome]
    waits = [_ended_at(job) - job.admitted_at for job in ended]
    kept = [had <= 1.25 * told[job.id] for had, job in zip(waits, ended, strict=True)]
    unanswered = sum(count == 0 for count in answers.values())
    waiting = sum(not (j.outcome or answers[j.id]) for j in jobs) if log.stopped else 0
    peak = _peak(sorted(log.asked_s))
    narrowest, most = _narrowest(log)
    return Report(
        people=len(log.asked_s),
        minutes=surge.minutes,
        accepted=len(told),
        refused=dict(Counter(refusal.reason for refusal in log.refused)),
        unheard=len(log.unheard),
        painted=sum(job.outcome is Outcome.ANSWERED for job in jobs),
        reused=sum(any(c.event == "reused" for c in job.history) for job in jobs),
        apologised=sum(job.outcome is Outcome.APOLOGISED for job in jobs),
        waiting=waiting,
        lost=unanswered - waiting,
        doubled=sum(count > 1 for count in answers.values()),
        intake_ms=(1000 * _share(log.intake_s, 0.5), 1000 * _share(log.intake_s, 0.99)),
        said_s=sum(told.values()) / max(1, len(told)),
        had_s=(_share(waits, 0.5), _share(waits, 0.95)),
        kept=sum(kept) / max(1, len(kept)),
        peak_per_s=peak,
        answered_per_s=_rate(ended),
        ladder=max((look.overload_level for look in log.looks), key=STEPS.index, default=STEPS[0]),
        narrowest=narrowest,
        most_waiting=most,
        add=_advice(log, narrowest, peak),
    )


def _rate(ended: Sequence[Job]) -> float:
    """Return the answers a second between the first ask and the last answer, 0 without any."""
    if not ended:
        return 0.0
    span_s = max(map(_ended_at, ended)) - min(job.admitted_at for job in ended)
    return len(ended) / span_s if span_s > 0 else 0.0


def _ended_at(job: Job) -> float:
    return job.history[-1].at if job.history else job.admitted_at


def _peak(arrivals: Sequence[float], window_s: float = 5.0) -> float:
    """Return the most arrivals a second in any `window_s` seconds that begin with one."""
    most, end = 0, 0
    for begin, at in enumerate(arrivals):
        while end < len(arrivals) and arrivals[end] < at + window_s:
            end += 1
        most = max(most, end - begin)
    return most / window_s


def _share(values: Sequence[float], share: float) -> float:
    """Return what this share of the values does not exceed, 0 of none."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def _narrowest(log: LoadLog) -> tuple[str, int]:
    most = {s: max((look.stages[s].waiting for look in log.looks), default=0) for s in Stage}
    stage = max(most, key=lambda stage: most[stage])
    return (str(stage), most[stage]) if most[stage] else ("", 0)


def _advice(log: LoadLog, narrowest: str, peak_per_s: float) -> str:
    if not narrowest:
        return "nothing: nobody waited in line"
    stage = Stage(narrowest)
    can = _done_per_s(log, stage)
    # Where one is restarted, both its lives are listed for a while.
    lines = [line for look in log.looks if (line := look.stages[stage]).waiting]
    workers = max(1, median_low(len(line.workers) for line in lines))
    kind = _WORKERS[stage]
    if can is None or can >= peak_per_s:
        return "nothing: the line was short-lived"
    if not can:
        return f"{kind} workers: none was at work"
    wanted = -(-peak_per_s * workers // can)
    more = f"{wanted - workers:.0f} {kind} workers like the {workers} there are"
    return f"{more}, with cores of their own, for no line at the peak"


def _done_per_s(log: LoadLog, stage: Stage) -> float | None:
    """Return the jobs a second that were worked on while some waited: what the stage truly can do here.

    None where no two looks in a row saw a line.
    """
    done = seconds = 0.0
    for before, after in pairwise(log.looks):
        if before.stages[stage].waiting and after.stages[stage].waiting:
            done += after.total("worked", stage) - before.total("worked", stage)
            seconds += after.at - before.at
    return done / seconds if seconds else None
