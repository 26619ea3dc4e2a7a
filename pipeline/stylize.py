"""The complete pipeline for one photo, without a bot: open, screen, paint, screen, encode."""

from __future__ import annotations

from pipeline.decode import PhotoLimits
from pipeline.encode import finish
from pipeline.engine import RGB, Engine, Photo, ProgressCallback, RenderJob
from pipeline.errors import PaintingFailed
from pipeline.photo import open_photo
from pipeline.provenance import C2paSigner, Maker
from pipeline.safety import Screen
from pipeline.styles import Style


def stylize(
    data: bytes,
    style: Style,
    engine: Engine,
    screen: Screen,
    *,
    strength: float = 0.6,
    seed: int | None = None,
    draft: bool = False,
    limits: PhotoLimits = PhotoLimits(),
    signer: C2paSigner | None = None,
    on_progress: ProgressCallback = lambda _: None,
) -> bytes:
    """Paint the photo in a file and return the painting as a JPEG file.

    Without `seed` it is derived from the photo, so that the same call gives the same picture. Raises
    `PhotoRefused`, `SandboxUnusable`, `SafetyUnavailable`, `PaintingFailed`, `PaintingCancelled`,
    `SignerUnusable` and `EngineUnusable`.
    """
    photo = open_photo(data, limits)
    pixels = paint_photo(
        photo,
        style,
        engine,
        screen,
        strength=strength,
        seed=seed,
        draft=draft,
        on_progress=on_progress,
    )
    return finish(pixels, Maker.of(engine), signer)


def paint_photo(
    photo: Photo,
    style: Style,
    engine: Engine,
    screen: Screen,
    *,
    strength: float = 0.6,
    seed: int | None = None,
    draft: bool = False,
    on_progress: ProgressCallback = lambda _: None,
) -> RGB:
    """Paint an opened photo; photo and painting pass the safety checks. Returns H x W x 3 uint8 RGB.

    Raises `PhotoRefused`, `SafetyUnavailable`, `PaintingFailed`, `PaintingCancelled` and
    `EngineUnusable`.
    """
    photo_score = screen.photo(photo.pixels)
    seed = seed_of(photo.digest) if seed is None else seed
    job = RenderJob(photo.pixels, style, strength, seed, draft)
    (picture,) = engine.paint([job], on_progress)
    if isinstance(picture, PaintingFailed):
        raise picture
    screen.picture(picture, photo_score)
    return picture


def seed_of(digest: str) -> int:
    """Derive the default seed of a photo, 0..2^31-1, from its hex digest."""
    return int(digest[:8], 16) & 0x7FFF_FFFF
