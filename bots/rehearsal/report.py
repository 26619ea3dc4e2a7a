"""What an operator wants to know before a launch: what was promised, what was kept, what to add."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bots.rehearsal.platform import answers_to
from bots.rehearsal.surge import Log, Surge
from tasks.contract import Job, Outcome, Stage
from tasks.services import Services

_WORKERS = {Stage.FETCH: "io", Stage.RENDER: "gpu", Stage.DELIVER: "io"}


@dataclass(frozen=True, slots=True)
class Report:
    """A rehearsal in figures."""

    people: int
    minutes: float
    accepted: int
    refused: dict[str, int]
    painted: int
    apologised: int
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
    narrowest: str
    """The stage where most jobs waited."""
    most_waiting: int
    add: str
    """What would have let the peak through."""

    @property
    def held(self) -> bool:
        """Every accepted photo got exactly one answer."""
        return self.lost == self.doubled == 0


def report_on(services: Services, surge: Surge, log: Log) -> Report:
    """Look up what became of everybody."""
    told = {admitted.job_id: (at, admitted.wait_s) for at, admitted in log.admitted}
    jobs = [services.ledger.job(job_id) for job_id in told]
    answers = answers_to(services, list(told))
    waits = [_ended_at(job) - job.admitted_at for job in jobs if job.outcome]
    pairs = [(w, told[j.id][1]) for w, j in zip(waits, (j for j in jobs if j.outcome), strict=True)]
    peak = _peak(surge.arrivals())
    narrowest, most = _narrowest(log)
    span_s = max((_ended_at(j) for j in jobs), default=0.0) - min(
        (j.admitted_at for j in jobs), default=0.0
    )
    return Report(
        people=surge.people,
        minutes=surge.minutes,
        accepted=len(told),
        refused=dict(Counter(refusal.reason for refusal in log.refused)),
        painted=sum(job.outcome is Outcome.ANSWERED for job in jobs),
        apologised=sum(job.outcome is Outcome.APOLOGISED for job in jobs),
        lost=sum(answers[job.id] == 0 for job in jobs),
        doubled=sum(count > 1 for count in answers.values()),
        intake_ms=(1000 * _share(log.intake_s, 0.5), 1000 * _share(log.intake_s, 0.99)),
        said_s=sum(wait for _, wait in told.values()) / max(1, len(told)),
        had_s=(_share(waits, 0.5), _share(waits, 0.95)),
        kept=sum(had <= 1.25 * said for had, said in pairs) / max(1, len(pairs)),
        peak_per_s=peak,
        answered_per_s=len(waits) / span_s if span_s > 0 else 0.0,
        narrowest=narrowest,
        most_waiting=most,
        add=_advice(log, narrowest, peak),
    )


def _ended_at(job: Job) -> float:
    return job.story[-1].at if job.story else job.admitted_at


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


def _narrowest(log: Log) -> tuple[str, int]:
    most = {s: max((look.stages[s].waiting for look in log.looks), default=0) for s in Stage}
    stage = max(most, key=lambda stage: most[stage])
    return (str(stage), most[stage]) if most[stage] else ("", 0)


def _advice(log: Log, narrowest: str, peak_per_s: float) -> str:
    if not narrowest:
        return "nothing: nobody waited in line"
    stage = Stage(narrowest)
    can = max(look.stages[stage].jobs_per_s for look in log.looks)
    workers = max(len(look.stages[stage].workers) for look in log.looks)
    kind = _WORKERS[stage]
    if not can or not workers:
        return f"{kind} workers: none was at work"
    if can >= peak_per_s:
        return "nothing: the line was short-lived"
    wanted = -(-peak_per_s * workers // can)
    return f"{wanted - workers:.0f} {kind} workers like the {workers} there are, for no line at the peak"
