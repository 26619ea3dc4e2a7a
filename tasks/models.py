"""The data types that all parts of the bot share: requests, jobs, claims, answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

WORDS_MAX = 200
"""Maximum length in characters of an instruction in a person's own words."""


class Stage(StrEnum):
    """The stages of a job, in order."""

    FETCH = "fetch"
    RENDER = "render"
    DELIVER = "deliver"


PAUSABLE = ("intake", *Stage)
"""What can be paused: admission and each stage."""

WorkerKind = Literal["io", "gpu"]
WORKER_STAGES: Mapping[WorkerKind, tuple[Stage, ...]] = MappingProxyType(
    {"io": (Stage.FETCH, Stage.DELIVER), "gpu": (Stage.RENDER,)}
)
"""The stages that each kind of worker works on."""


def worker_kind_of(stage: Stage) -> WorkerKind:
    """Return the kind of worker that works on a stage."""
    return next(kind for kind, stages in WORKER_STAGES.items() if stage in stages)


class OverloadLevel(StrEnum):
    """How the bot reacts to load, in increasing order."""

    NORMAL = "normal"
    BROWNOUT = "brownout"
    """Photos are painted with the faster recipe."""
    REFUSE = "refuse"
    """Requests that would wait too long are refused, with a time for the next attempt."""


class Outcome(StrEnum):
    """How a job ended."""

    ANSWERED = "answered"
    APOLOGISED = "apologised"
    CANCELLED = "cancelled"
    UNDELIVERABLE = "undeliverable"


@dataclass(frozen=True, slots=True)
class PhotoRef:
    """A platform's reference to a photo: a file id, a URL, a blob key. Only the platform reads `ref`."""

    ref: str
    owner: str | None = None
    """The person who posted the photo, if it is not the requester."""


@dataclass(frozen=True, slots=True)
class PaintRequest:
    """A parsed request of one person."""

    platform: str
    event: str
    """The platform's id of the message. The same event is one request, however often it is delivered."""
    person: str
    conversation: str
    photos: tuple[PhotoRef, ...]
    style: str = "film"
    strength: float = 0.6
    seed: int | None = None
    """None: derived from the photo, so that the same request gives the same picture."""
    language: str = "en"
    private: bool = False
    """A direct message: its painting is never reused for another person."""
    address: Mapping[str, str] = field(default_factory=dict)
    """Where to send the answer; only the platform reads it."""
    words: str = ""
    """An instruction in the person's own words, checked and at most `WORDS_MAX` characters long."""


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One line of a job's history."""

    at: float
    """Seconds since the epoch, by the ledger's clock."""
    event: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """An admitted request and its current state in the ledger."""

    id: str
    request: PaintRequest
    stage: Stage | None
    """None once the job has ended."""
    outcome: Outcome | None
    reason: str
    """A stable code that says why the job ended without a painting, else empty."""
    attempts: int
    """Failed attempts in the current stage that the photo may have caused."""
    admitted_at: float
    """Seconds since the epoch, by the ledger's clock."""
    promised_wait_s: float
    """The expected wait that was announced to the person at admission."""
    draft: bool
    """It is painted with the faster recipe."""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    """Values for the placeholders of the message for `reason`."""
    refunded: bool = True
    """The cooldown was refunded, if the job ends with an apology."""
    photos: tuple[str, ...] = ()
    """Blob keys of the opened photos, in the order of the request."""
    photo_scores: tuple[float, ...] = ()
    """Score of the safety checks for each photo, 0..1."""
    pictures: tuple[str, ...] = ()
    """Blob keys of the paintings."""
    notes: tuple[str, ...] = ()
    """Codes of what the answer should mention, e.g. `first-frame`."""
    platform_data: Mapping[str, str] = field(default_factory=dict)
    """The platform's own data on this job, e.g. the id of its placeholder message."""
    model: str = ""
    """The model that it is routed to; empty: any worker paints it."""
    receipt: str = ""
    """The platform's id of the published answer; empty until it is sent."""
    traceparent: str = ""
    """W3C Trace Context of its admission, empty if it is not traced."""
    history: tuple[JobEvent, ...] = ()
    """The job's events so far; empty in a worker's claim."""

    @property
    def trace_id(self) -> str:
        """The id of its trace, 32 hex digits; empty if it is not traced."""
        return self.traceparent.partition("-")[2][:32]


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's lease on one job of one stage."""

    job: Job
    stage: Stage
    fence: int
    """Grows with each claim; only the holder of the newest may complete."""
    ambiguous: bool = False
    """Deliver only: an earlier holder may already have sent the answer."""
    suspect: bool = False
    """A worker died while it held this job, so that it is processed while no other thread works."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The request was admitted and is on the ledger's disk."""

    job_id: str
    position: int
    """1 for the next job."""
    wait_s: float
    """Expected seconds until the answer."""
    duplicate: bool = False
    """The event had been admitted before; no job was added."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The request was not admitted and cost the person nothing."""

    reason: str
    """`paused`, `banned`, `opted-out`, `strikes`, `cooldown`, `quota`, `too-many-open`, `busy-here`,
    `too-busy`, `storage-full`, `forgotten` (its person is forgotten; nothing is said)."""
    until: float
    """When a new request may be admitted, seconds since the epoch; 0 if unknown."""
    notify: bool = True
    """False if the person was notified of a refusal recently, or this event was refused before."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """A job's place in the queue now."""

    stage: Stage | None
    outcome: Outcome | None
    position: int
    """1 for the next job; 0 while it is processed or has ended."""
    wait_s: float
    """Expected seconds until the answer."""
    progress: float = 0.0
    """Completed fraction of the painting, 0..1."""
    paused: bool = False
    """The stage that the job waits for is paused by an operator, so that the wait is unknown."""


@dataclass(frozen=True, slots=True)
class Painting:
    """The paintings as image files, ready to be sent."""

    pictures: tuple[bytes, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Apology:
    """Why there is no painting; the adapter has the message for `reason`."""

    reason: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    refunded: bool = True
    """The person's cooldown was refunded."""


Answer = Painting | Apology


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `count` calls in any `window_s` seconds."""

    count: int
    window_s: float


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """A notification that something happened to a job. Updates may be lost."""

    job_id: str
    platform: str
    event: str
    """`admitted`, `fetching`, `fetched`, `painting`, `progress`, `painted`, `reused`, `delivering`,
    `answered`, `apologised`, `cancelled`, ... as in the job's history."""
