"""Creates the objects of a painting worker from the settings: styles, safety checks, engine, signer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import structlog

from pipeline.decode import PhotoLimits
from pipeline.engine import Engine, Photo
from pipeline.engines import EngineOptions, load_engine
from pipeline.errors import EngineUnusable, UserFacingError
from pipeline.provenance import C2paSigner, Credentials
from pipeline.safety import Screen, Unscreened
from pipeline.styles import Style, load_styles
from tasks.models import PaintRequest
from tasks.routing import PaintingWorker
from tasks.settings import Settings

_log = structlog.get_logger()

SAFETY_GROUP = "suisai.safety"


class CheckMissing(UserFacingError):
    """A safety check in the settings is not installed."""


def open_screen(settings: Settings) -> Screen:
    """Create the safety checks that the settings name, from the entry point group `suisai.safety`.

    Loads their models now, not at the first photo. Raises `CheckMissing` and `SafetyUnavailable`,
    because a bot must not start without a check that its settings require.
    """
    installed = {point.name: point for point in entry_points(group=SAFETY_GROUP)}
    missing = [name for name in settings.safety_checks if name not in installed]
    if missing:
        raise CheckMissing(
            f"The safety check '{missing[0]}' of SUISAI_SAFETY_CHECKS is not installed; "
            f"there are: {', '.join(sorted(installed)) or 'none'}."
        )
    checks = [installed[name].load()() for name in settings.safety_checks]
    screen = Screen(checks or [Unscreened()])
    screen.photo(np.full((64, 64, 3), 255, np.uint8))
    return screen


def open_signer(settings: Settings) -> C2paSigner | None:
    """Return the signer for finished pictures, None if no certificate is set.

    Raises `SignerUnusable`, `OSError`.
    """
    if settings.seal_certificates is None or settings.seal_key is None:
        return None
    credentials = Credentials(
        settings.seal_certificates.read_bytes(),
        settings.seal_key.read_bytes(),
        settings.seal_algorithm,
    )
    return C2paSigner(credentials)


def open_styles() -> Mapping[str, Style]:
    """Return every style that a person can choose."""
    return load_styles()


def photo_limits(settings: Settings) -> PhotoLimits:
    """Return the limits for opening photos."""
    return PhotoLimits(long_side_px=settings.long_side_px)


def open_engine(settings: Settings) -> Engine:
    """Create the engine that the settings name, not warmed up yet. Raises `EngineUnusable`.

    `auto` chooses the diffusion engine if it is usable, else the painter.
    """
    options = EngineOptions(
        settings.model,
        load_styles().values(),
        models_folder(settings),
        settings.data_dir / "cache",
        settings.device,
        lambda why: _log.info("engine_chosen", engine="diffusion", model=why),
        own_words=bool(settings.own_words),
    )
    if settings.engine != "auto":
        return load_engine(settings.engine, options)
    try:
        return load_engine("diffusion", options)
    except EngineUnusable as error:
        _log.info("engine_chosen", engine="painter", why=str(error))
        return load_engine("painter")


def models_folder(settings: Settings) -> Path:
    """Return the folder of the diffusion models' files."""
    return settings.data_dir / "models"


def engine_id(engine: Engine) -> str:
    """Return engine name and version as one string without white space, e.g. for reusing paintings."""
    return "-".join(f"{engine.name}/{engine.version}".split())


def painting_of(engine: Engine) -> PaintingWorker:
    """Describe what a worker with this engine paints with."""
    return PaintingWorker(engine.name, engine.model_name, engine_id(engine))


def paint_key(request: PaintRequest, style: Style, photos: Sequence[Photo], model: str = "") -> str:
    """Return a hash of all that determines a painting: equal keys give equal pictures by one engine.

    `model` is the one that the request is routed to. The key of a private request includes the person,
    so that its painting is not reused for others. Empty if own words were used: never reused.
    """
    if request.words:
        return ""
    owner = f"{request.platform}:{request.person}" if request.private else ""
    parts = [owner, model, repr(style), f"{request.strength:.3f}", str(request.seed)]
    parts += [photo.digest for photo in photos]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
