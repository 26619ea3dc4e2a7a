"""What is wrong with a setting, in words that name it as it is written in the environment."""

from __future__ import annotations

import re

from pydantic import ValidationError
from pydantic_settings import SettingsError

from bots.envfile import all_settings

UNUSABLE = (ValidationError, SettingsError)
"""What reading the settings may raise."""


def slips_of(error: Exception) -> list[str]:
    """Say in one line each which settings cannot be used and why."""
    if isinstance(error, ValidationError):
        prefix = _prefix(error.title)
        return [_slip(prefix, slip["loc"], slip["msg"]) for slip in error.errors()]
    field = re.search(r'field "(\w+)"', str(error))
    name = next((v for v in _names() if field and v.endswith(f"_{field[1].upper()}")), "A setting")
    return [f"{name} is not usable: it must be JSON, as in .env.example."]


def _slip(prefix: str, where: tuple[str | int, ...], what: str) -> str:
    what = what.removeprefix("Value error, ").rstrip(".")
    if not where:
        return f"The settings contradict each other: {what}."
    name, *inside = where
    detail = f" ({'.'.join(map(str, inside))})" if inside else ""
    return f"{prefix}{str(name).upper()}{detail} is not usable: {what}."


def _prefix(group: str) -> str:
    prefixes = {g.__name__: str(g.model_config.get("env_prefix", "")) for g in all_settings()}
    return prefixes.get(group, "SUISAI_")


def _names() -> list[str]:
    return [
        f"{group.model_config.get('env_prefix', '')}{field}".upper()
        for group in all_settings()
        for field in group.model_fields
    ]
