"""Checks the settings for contradictions and for names that do not exist."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

from bots.config import all_settings, variables_of
from bots.findings import Finding, failure, passed, warning
from tasks.engines import SAFETY_GROUP
from tasks.platform import platform_names
from tasks.settings import ENV_FILE, SECRETS_DIR, Settings


def check_settings(
    settings: Settings, environment: Mapping[str, str], env_file: Path
) -> Iterator[Finding]:
    """Check the present settings, and the names in the environment and in `.env`."""
    slips = [*_contradictions(settings), *_unknown(environment, env_file), *_exposed(env_file)]
    where = f" (from {env_file})" if env_file.is_file() else ""
    yield from slips or [passed("settings", f"no contradictions, no unknown names{where}")]


def _contradictions(settings: Settings) -> Iterator[Finding]:
    yield from _times(settings)
    yield from _places(settings)
    yield from _names(settings)


def _times(settings: Settings) -> Iterator[Finding]:
    if settings.brownout_above_s >= settings.limits.max_wait_s:
        yield warning(
            "settings",
            "the faster recipe is never used: requests are refused before SUISAI_BROWNOUT_ABOVE_S",
            "set SUISAI_BROWNOUT_ABOVE_S below max_wait_s of SUISAI_LIMITS",
        )
    if settings.photo_retention_s < settings.limits.max_wait_s:
        yield warning(
            "settings",
            "photos may be deleted while they wait, and are then downloaded again",
            "set SUISAI_PHOTO_RETENTION_S to at least max_wait_s of SUISAI_LIMITS",
        )
    if settings.picture_retention_s < settings.painting_patience_s:
        yield warning(
            "settings",
            "paintings may be deleted while their platform is paused, and are then painted again",
            "set SUISAI_PICTURE_RETENTION_S to at least SUISAI_PAINTING_PATIENCE_S",
        )


def _places(settings: Settings) -> Iterator[Finding]:
    if _elsewhere(settings) and settings.blob_url is None:
        yield warning(
            "settings",
            "the ledger is on another machine, but photos are stored in a folder of this one",
            "set SUISAI_BLOB_URL to a bucket that every worker reaches, unless all run here",
        )
    if settings.redis_url is not None and "valkey_memory_mb" in settings.model_fields_set:
        yield warning(
            "settings",
            "SUISAI_VALKEY_MEMORY_MB has no effect: it is for the embedded server only",
            "set maxmemory on the server of SUISAI_REDIS_URL, see docs/valkey.md",
        )


def _names(settings: Settings) -> Iterator[Finding]:
    installed = [point.name for point in entry_points(group=SAFETY_GROUP)]
    for name in settings.safety_checks:
        if name not in installed:
            yield failure(
                "settings",
                f"the safety check '{name}' is not installed",
                f"correct SUISAI_SAFETY_CHECKS; there are: {', '.join(installed) or 'none'}",
            )
    platforms = platform_names()
    for name in settings.platform_limits:
        if name not in platforms:
            yield warning(
                "settings",
                f"SUISAI_PLATFORM_LIMITS names '{name}', which is no platform",
                f"correct it; there are: {', '.join(platforms)}",
            )


def _elsewhere(settings: Settings) -> bool:
    if settings.redis_url is None:
        return False
    host = urlsplit(settings.redis_url.get_secret_value()).hostname
    return host not in (None, "localhost", "127.0.0.1", "::1")


def _unknown(environment: Mapping[str, str], env_file: Path) -> Iterator[Finding]:
    known = {variable.name.upper() for group in all_settings() for variable in variables_of(group)}
    known |= {ENV_FILE, SECRETS_DIR}
    for name in sorted({*environment, *_names_in(env_file)}):
        if name.upper().startswith("SUISAI_") and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            yield warning(
                "settings",
                f"{name} is not a setting and has no effect",
                f"did you mean {near[0]}?" if near else "see .env.example for all settings",
            )


def _names_in(env_file: Path) -> Iterable[str]:
    if not env_file.is_file():
        return
    for line in env_file.read_text("utf-8").splitlines():
        name, equals, _ = line.partition("=")
        if equals and not name.lstrip().startswith("#"):
            yield name.removeprefix("export ").strip()


def _exposed(env_file: Path) -> Iterator[Finding]:
    if env_file.is_file() and env_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warning(
            "settings", f"other users of this machine can read {env_file}", f"chmod 600 {env_file}"
        )
