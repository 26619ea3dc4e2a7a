"""Styles as data: what a person can pick, one TOML file each beside this module."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """One way of painting, read by every engine."""

    name: str
