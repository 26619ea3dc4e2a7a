"""Output files: checked before painting starts, written atomically."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from bots.commands.common import InputRefused
from pipeline.encode import PictureFormat

STREAM = Path("-")
"""As an input: standard input. As an output: standard output."""


def format_of(target: Path) -> PictureFormat:
    """Return the picture format of a file's ending. Raises `InputRefused` for other endings."""
    chosen = PictureFormat.of_ending(target.suffix)
    if chosen is None:
        offered = ", ".join(PictureFormat.endings())
        has = f"'{target.suffix}' is not a supported ending" if target.suffix else "no ending"
        raise InputRefused(
            f"{target}: {has}. Name a file that ends in one of {offered}, "
            f"or write {target}/ for a folder."
        )
    return chosen


def is_stream(target: Path) -> bool:
    """Return whether a target is standard output, a pipe or a device, which cannot be replaced."""
    if target == STREAM:
        return True
    try:
        found = target.stat()
    except OSError:
        return False
    return not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)) or _is_stdout(found)


def same_file(one: Path, other: Path) -> bool:
    """Return whether two paths are the same existing file, also through links."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def check_output(target: Path, inputs: Iterable[Path], *, overwrite: bool) -> None:
    """Refuse a target that is one of the inputs, or that exists while `overwrite` is not set.

    Raises `InputRefused`.
    """
    if target == STREAM or is_stream(target):
        _check_stream(target, inputs)
        return
    for photo in inputs:
        if same_file(target, photo):
            raise InputRefused(
                f"{target} is the photo itself, which is never replaced. "
                "Choose another name with -o/--out."
            )
    if target.is_dir():
        raise InputRefused(f"{target} is a folder. Name a file in it with -o/--out.")
    if target.exists() and not overwrite:
        raise InputRefused(
            f"{target} exists already. Add --overwrite to replace it, "
            "or choose another name with -o/--out."
        )


def write_whole(target: Path, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file atomically, creating its folder: a full disk leaves no partial file.

    A symbolic link is kept: the file that it points to is written. A pipe, a device and standard
    output are written to. Raises `InputRefused` if the file exists and `overwrite` is not set,
    `OSError` with a message for the user.
    """
    try:
        if is_stream(target):
            _write_stream(target, data)
        else:
            _write_file(target.resolve(), data, overwrite)
    except OSError as error:
        raise OSError(
            f"Cannot write {target}: {error.strerror}. Choose another place with -o/--out."
        ) from error


def free_name(target: Path) -> Path:
    """Return the target, or the first of `name-2`, `name-3`, ... that does not exist."""
    number, free = 1, target
    while os.path.lexists(free):
        number += 1
        free = target.with_stem(f"{target.stem}-{number}")
    return free


def _write_file(target: Path, data: bytes, overwrite: bool) -> None:
    # In the same folder, so that the rename is atomic, and under a random name, for which nobody
    # can have created a link.
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("xb") as file:
            file.write(data)
        if target.exists():
            # Another program may have written it since the check.
            check_output(target, (), overwrite=overwrite)
            part.chmod(stat.S_IMODE(target.stat().st_mode))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _write_stream(target: Path, data: bytes) -> None:
    if target == STREAM or _is_stdout(target.stat()):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with target.open("wb") as file:
        file.write(data)


def _check_stream(target: Path, inputs: Iterable[Path]) -> None:
    if target != STREAM and not _is_stdout(target.stat()):
        return
    if sys.stdout.isatty():
        raise InputRefused(
            "A picture cannot be shown in this terminal. Redirect it, as in `-o - > painting.jpg`, "
            "or name a file."
        )
    for photo in inputs:
        if photo.exists() and _is_stdout(photo.stat()):
            raise InputRefused(f"Standard output is the photo {photo} itself. Name another file.")


def _is_stdout(found: os.stat_result) -> bool:
    try:
        return os.path.samestat(found, os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError):
        return False
