"""What a photo may ask of the machine that opens it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """The largest and smallest photo that is opened, and the room that its decoder gets."""

    bytes_max: int = 20_000_000
    pixels_max: int = 50_000_000
    side_min_px: int = 32
    side_max_px: int = 16_384
    aspect_max: float = 10.0
    long_side_px: int = 1024
    """Of the opened photo: larger ones are reduced to it."""
    memory_bytes: int = 460_000_000
    """Of the process that decodes, on top of what an idle one has."""
    cpu_s: float = 2.5
    wall_s: float = 60.0
    """Far off: `cpu_s` ends what is too hard, and on a busy machine an honest photo waits for its turns."""

    def facts_of(self, reason: str) -> dict[str, str | int]:
        """Return the limit that a refusal for this reason names to the person, by its fact's name."""
        facts: dict[str, dict[str, str | int]] = {
            "too-heavy": {"limit_mb": self.bytes_max // 1_000_000},
            "too-small": {"limit_px": self.side_min_px},
            "too-large": {"limit_px": self.side_max_px},
            "too-many-pixels": {"limit_megapixels": self.pixels_max // 1_000_000},
            "too-narrow": {"limit_aspect": f"{self.aspect_max:g}"},
        }
        return facts.get(reason, {})
