"""The values that all parts of the bot share: requests, jobs, claims, answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

WORDS_MAX = 200
"""The most characters of an instruction in a person's own words."""


class Stage(StrEnum):
    """What a job waits for, in the order in which a job passes them."""

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
    """How the bot answers to load, from light to heavy."""

    NORMAL = "normal"
    BROWNOUT = "brownout"
    """Photos are painted by the style's faster recipe."""
    REFUSE = "refuse"
    """Requests that would wait too long are refused with a time to come back."""


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
    """The person who posted the photo, if not the one who asks."""


@dataclass(frozen=True, slots=True)
class PaintRequest:
    """What one person asked for, parsed."""

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
    """Where to answer; only the platform reads it."""
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
    """An admitted request, as the ledger knows it now."""

    id: str
    request: PaintRequest
    stage: Stage | None
    """None once the job has ended."""
    outcome: Outcome | None
    reason: str
    """Why the job ended in anything but a painting; a stable code, empty otherwise."""
    attempts: int
    """Attempts in the present stage whose failure the photo may have caused."""
    admitted_at: float
    promised_wait_s: float
    """The wait that the person was told at admission."""
    draft: bool
    facts: Mapping[str, str | int] = field(default_factory=dict)
    """Values that the text for `reason` may name."""
    refunded: bool = True
    """The cooldown was given back, where the job ends in an apology."""
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
    """The platform's id of the published answer, empty before."""
    traceparent: str = ""
    """W3C Trace Context of its admission, empty where it is not traced."""
    history: tuple[JobEvent, ...] = ()
    """What happened so far; left out in a worker's claim."""

    @property
    def trace_id(self) -> str:
        """The id of its trace, 32 hex digits; empty where it is not traced."""
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
    """A worker died while it held this job: it is processed while the process does nothing else."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The request is in the ledger, on disk."""

    job_id: str
    position: int
    """1 for the next job."""
    wait_s: float
    duplicate: bool = False
    """The event had been admitted before; nothing was added."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The request was not admitted and cost the person nothing."""

    reason: str
    """`paused`, `banned`, `opted-out`, `strikes`, `cooldown`, `quota`, `too-many-open`, `busy-here`,
    `too-busy`, `storage-full`, `forgotten` (its person is forgotten; nothing is said)."""
    until: float
    """When to ask again, seconds since the epoch; 0 if unknown."""
    notify: bool = True
    """False if the person was told of a refusal lately, or the event was refused before."""


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
    """Of the painting, 0..1."""
    paused: bool = False
    """An operator holds still what the job waits for: no wait can be told."""


@dataclass(frozen=True, slots=True)
class Painting:
    """The paintings as image files, ready to be sent."""

    pictures: tuple[bytes, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Apology:
    """Why there is no painting; the adapter finds the text for `reason`."""

    reason: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    refunded: bool = True
    """The person's cooldown was given back."""


Answer = Painting | Apology


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What a platform lets the bot send: `count` answers in any `window_s` seconds."""

    count: int
    window_s: float


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """Something happened to a job. Best effort: an update may be lost."""

    job_id: str
    platform: str
    event: str
    """`admitted`, `fetching`, `fetched`, `painting`, `progress`, `painted`, `reused`, `delivering`,
    `answered`, `apologised`, `cancelled`, ... as in the job's history."""
