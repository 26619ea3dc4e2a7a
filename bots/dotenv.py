"""Writes settings into `.env`: whole or not at all, readable by its owner only."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_PLAIN = re.compile(r"[\w@%+=:,./~-]*")


def write_settings(path: Path, values: Mapping[str, str]) -> None:
    """Set these variables; whatever else stands in the file stays. Raises `OSError`."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    left = dict(values)
    kept = [_replaced(line, left) for line in lines]
    kept += [_line(name, value) for name, value in left.items()]
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join([*kept, ""]))
    part.replace(path)


def _replaced(line: str, left: dict[str, str]) -> str:
    name = line.lstrip("# ").removeprefix("export ").partition("=")[0].strip()
    return _line(name, left.pop(name)) if name in left else line


def _line(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{quoted}'"
