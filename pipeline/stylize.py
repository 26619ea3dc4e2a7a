"""One photo's whole way, without a bot around it: open, screen, paint, screen, finish."""

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
    seal: C2paSigner | None = None,
    watch: ProgressCallback = lambda _: None,
) -> bytes:
    """Return the finished JPEG of one photo's file.

    Without a seed the photo itself gives one, so that the same call gives the same picture. Raises
    `PhotoRefused`, `SafetyUnavailable`, `PaintingFailed`, `PaintingCancelled`,
    `SealUnusable` and `EngineUnusable`.
    """
    photo = open_photo(data, limits)
    pixels = paint_photo(
        photo, style, engine, screen, strength=strength, seed=seed, draft=draft, watch=watch
    )
    return finish(pixels, Maker.of(engine), seal)


def paint_photo(
    photo: Photo,
    style: Style,
    engine: Engine,
    screen: Screen,
    *,
    strength: float = 0.6,
    seed: int | None = None,
    draft: bool = False,
    watch: ProgressCallback = lambda _: None,
) -> RGB:
    """Return the painting of an opened photo, screened before and after.

    Raises as `stylize` does, but for what opening and signing raise.
    """
    photo_score = screen.photo(photo.pixels)
    seed = seed_of(photo.digest) if seed is None else seed
    commission = RenderJob(photo.pixels, style, strength, seed, draft)
    (picture,) = engine.paint([commission], watch)
    if isinstance(picture, PaintingFailed):
        raise picture
    screen.picture(picture, photo_score)
    return picture


def seed_of(digest: str) -> int:
    """Return the seed of a photo for which nobody chose one, 0..2^31-1, from its hex digest."""
    return int(digest[:8], 16) & 0x7FFF_FFFF
