"""Decides what may be painted and what may be shown; when it cannot decide, nothing is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.engine import RGB
from pipeline.errors import PhotoRefused, UserFacingError


class SafetyUnavailable(UserFacingError):
    """A check failed to load or to answer: nothing may be shown, and nobody is at fault."""


class SafetyCheck(Protocol):
    """Judges pictures. Operators add their own."""

    name: str

    def score(self, pixels: RGB) -> float:
        """Say how surely the picture must not be shown, 0..1; any error means not to show it."""
        ...


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which score on something is refused."""

    photo: float = 0.5
    picture: float = 0.5
    doubtful_photo: float = 0.2
    """A photo from here on is painted, but its picture is judged by `doubtful_picture`."""
    doubtful_picture: float = 0.3
    own_words_picture: float = 0.3
    """For a picture that a person's own words shaped."""
    doubtful_own_words_picture: float = 0.15
    """The same for the picture of a doubtful photo."""

    def limit(self, photo_score: float, own_words: bool) -> float:
        """Return the score from which on a picture of such a photo is refused."""
        doubtful = photo_score >= self.doubtful_photo
        if own_words:
            return self.doubtful_own_words_picture if doubtful else self.own_words_picture
        return self.doubtful_picture if doubtful else self.picture


class Unscreened:
    """The check of an operator who wants none."""

    name = "unscreened"

    def score(self, pixels: RGB) -> float:
        """Find nothing in any picture."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Screen:
    """All that photos and pictures must pass; without any check, nothing passes."""

    checks: Sequence[SafetyCheck]
    thresholds: Thresholds = Thresholds()

    def photo(self, pixels: RGB) -> float:
        """Return the photo's score, that of the strictest check, for `picture`.

        Raises `PhotoRefused("unsafe-photo")`, and `SafetyUnavailable` when a check fails or none is
        given.
        """
        score = _strictest(self.checks, pixels)
        if score >= self.thresholds.photo:
            raise PhotoRefused("unsafe-photo")
        return score

    def picture(self, pixels: RGB, photo_score: float, own_words: bool = False) -> None:
        """Accept a picture that may be shown; `photo_score` is what `photo` returned for its photo.

        A picture that a person's own words shaped is judged more strictly (`own_words`).
        Raises `PhotoRefused("unsafe-picture")`, and `SafetyUnavailable` when a check fails or none is
        given.
        """
        score = _strictest(self.checks, pixels)
        if score >= self.thresholds.limit(photo_score, own_words):
            raise PhotoRefused("unsafe-picture")


def _strictest(checks: Sequence[SafetyCheck], pixels: RGB) -> float:
    if not checks:
        raise SafetyUnavailable("No safety check is configured, so nothing may be shown.")
    return max(_score(check, pixels) for check in checks)


def _score(check: SafetyCheck, pixels: RGB) -> float:
    try:
        score = float(check.score(pixels))
    except Exception as error:
        raise SafetyUnavailable(
            f"The safety check {check.name} failed ({type(error).__name__}: {error}), "
            "so nothing may be shown."
        ) from error
    # Not-a-number compares as false with every threshold: it must not pass for harmless.
    if not 0.0 <= score <= 1.0:
        raise SafetyUnavailable(
            f"The safety check {check.name} gave no score ({score}), so nothing may be shown."
        )
    return score
