"""What the status page shows, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tasks.models import PAUSABLE
from tasks.services import Services
from tasks.stats import FleetStats

_FAILURES = 8

_REFUSALS = 6


def overview(gauges: FleetStats) -> dict[str, Any]:
    """Return the bot's state as the page's script and `suisai status --json` show it."""
    counts = gauges.counts
    answered = gauges.total("ended", "answered")
    return {
        "at": gauges.at,
        "overload_level": gauges.overload_level,
        "switches": _switches(gauges),
        "stages": [
            {
                "name": stage,
                "waiting": now.waiting,
                "leased": now.leased,
                "oldest_s": now.oldest_s,
                "jobs_per_s": now.jobs_per_s,
                "latency_s": now.latency_s,
                "lanes": dict(now.ready),
            }
            for stage, now in gauges.stages.items()
        ],
        "delayed": gauges.delayed,
        "dead": gauges.dead,
        "counts": {
            "admitted": gauges.total("admitted"),
            "refused": gauges.total("refused"),
            "answered": answered,
            "apologised": gauges.total("ended", "apologised"),
            "painted": counts.get("painted", 0),
            "reused": counts.get("reused", 0),
            "retried": gauges.total("retried"),
        },
        "refusals": _refusals(counts),
        "waits": _waits(counts, answered),
        "processes": [
            {"kind": each.kind, "name": each.name, "since": each.since, "facts": dict(each.facts)}
            for each in gauges.processes
        ],
        "models": {name: asdict(model) for name, model in gauges.models.items()},
        "memory": [gauges.memory_bytes, gauges.memory_limit_bytes],
    }


def failures(services: Services) -> list[dict[str, Any]]:
    """Return the last jobs that were given up, newest first, with their history."""
    given_up = []
    for job_id, at in services.ledger.dead(_FAILURES):
        job = services.ledger.find_job(job_id)
        if job is not None:
            history = [[entry.at, entry.event, entry.detail] for entry in job.history]
            given_up.append(
                {
                    "id": job_id,
                    "at": at,
                    "platform": job.request.platform,
                    "reason": job.reason,
                    "outcome": job.outcome or "",
                    "history": history,
                }
            )
    return given_up


def recent_pictures(services: Services) -> list[str]:
    """Return the blob keys of the last paintings of public requests, newest first."""
    return [job.pictures[0] for job in services.ledger.recent_jobs() if job.pictures]


def _switches(gauges: FleetStats) -> list[dict[str, Any]]:
    rows = [
        {
            "what": what,
            "platform": "",
            "until": gauges.paused.get(what),
            "on": what in gauges.paused,
        }
        for what in PAUSABLE
    ]
    for name, until in sorted(gauges.paused.items()):
        what, colon, platform = name.partition(":")
        if colon:
            rows.append({"what": what, "platform": platform, "until": until, "on": True})
    return rows


def _refusals(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Return platform, reason and count of the most frequent refusals."""
    rows = []
    for name, count in counts.items():
        kind, _, rest = name.partition(":")
        platform, _, reason = rest.partition(":")
        if kind == "refused":
            rows.append((platform, reason, count))
    return sorted(rows, key=lambda row: -row[2])[:_REFUSALS]


def _waits(counts: Mapping[str, int], answered: int) -> dict[str, float]:
    if not answered:
        return {}
    return {
        "actual_s": counts.get("waited-ms", 0) / 1000 / answered,
        "promised_s": counts.get("promised-ms", 0) / 1000 / answered,
        "within_promise": counts.get("promises-kept", 0) / answered,
    }
