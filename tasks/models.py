"""The words that travel between the rooms: asks, jobs, claims, answers, and the `Platform` protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

WORDS_MAX = 200
"""The most characters of an instruction in a person's own words."""


class Stage(StrEnum):
    """What a job waits for, in the order of a photo's way."""

    FETCH = "fetch"
    RENDER = "render"
    DELIVER = "deliver"


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
    """Where a platform finds a photo again: a file id, a URL, a blob key. Only the platform reads `ref`."""

    ref: str
    owner: str | None = None
    """The person who posted the photo, where that is somebody else than the asker."""


@dataclass(frozen=True, slots=True)
class PaintRequest:
    """What one person asked for, parsed."""

    platform: str
    event: str
    """The platform's own id of the message: the same event is the same ask, however often it comes."""
    person: str
    conversation: str
    photos: tuple[PhotoRef, ...]
    style: str = "film"
    strength: float = 0.6
    seed: int | None = None
    """None: chosen from the photo, so that the same ask gives the same picture."""
    language: str = "en"
    private: bool = False
    """A direct message: its painting is never reused for another person."""
    address: Mapping[str, str] = field(default_factory=dict)
    """Where to answer; only the platform reads it."""
    words: str = ""
    """An instruction in the person's own words, checked and at most `WORDS_MAX` characters long."""


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One line of a job's story."""

    at: float
    """Seconds since the epoch, by the ledger's clock."""
    event: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """An ask that was admitted, as the ledger knows it now."""

    id: str
    request: PaintRequest
    stage: Stage | None
    """None once the job has ended."""
    outcome: Outcome | None
    reason: str
    """Why the job ended in anything but a painting; a stable code, empty otherwise."""
    attempts: int
    """Tries in the present stage whose failure the photo may have caused."""
    admitted_at: float
    promised_wait_s: float
    """The wait that was said to the person at admission."""
    draft: bool
    facts: Mapping[str, str | int] = field(default_factory=dict)
    """Values that the words for `reason` may name."""
    refunded: bool = True
    """Where the job ends in an apology: the cooldown was given back."""
    photos: tuple[str, ...] = ()
    """Blob keys of the opened photos, in the order of the ask."""
    photo_scores: tuple[float, ...] = ()
    """What the safety checks said of each photo, 0..1."""
    pictures: tuple[str, ...] = ()
    """Blob keys of the paintings."""
    notes: tuple[str, ...] = ()
    """Codes of what the answer should mention, e.g. `first-frame`."""
    platform_data: Mapping[str, str] = field(default_factory=dict)
    """The platform's own memory about this job, e.g. the id of its placeholder message."""
    receipt: str = ""
    """The platform's id of the answer, once it stands."""
    traceparent: str = ""
    """W3C Trace Context of its admission, empty where it is not traced."""
    history: tuple[JobEvent, ...] = ()
    """What happened so far; a worker's claim leaves it out."""

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
    """An earlier holder died with it in hand: to be worked on while the process does nothing else."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The ask is in the ledger, on disk."""

    job_id: str
    position: int
    """1 for the next in line."""
    wait_s: float
    duplicate: bool = False
    """The event had been admitted before; nothing was added."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The ask was not accepted and cost the person nothing."""

    reason: str
    """`paused`, `banned`, `opted-out`, `strikes`, `cooldown`, `quota`, `too-many-open`, `busy-here`,
    `too-busy`, `storage-full`, `forgotten` (its person asked so; never to be said)."""
    until: float
    """When to come back, seconds since the epoch; 0 where no time can be named."""
    notify: bool = True
    """False when this person was told within the window, or the event was refused before."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """Where a job stands now."""

    stage: Stage | None
    outcome: Outcome | None
    position: int
    """1 for the next in line; 0 while it is worked on or has ended."""
    wait_s: float
    """Expected seconds until the answer."""
    progress: float = 0.0
    """Of the painting, 0..1."""


@dataclass(frozen=True, slots=True)
class Painting:
    """The answer everybody hopes for: finished image files, ready to be sent."""

    pictures: tuple[bytes, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Apology:
    """One honest sentence why there is no painting; the edge finds the words for `reason`."""

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
    """Something happened to a job; sent to whoever listens, never relied upon."""

    job_id: str
    platform: str
    event: str
    """`admitted`, `fetching`, `fetched`, `painting`, `progress`, `painted`, `reused`, `delivering`,
    `answered`, `apologised`, `cancelled`, ... as in the job's story."""
