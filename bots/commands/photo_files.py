"""Finds the photos that a command line names and decides where each painting is written."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bots.commands.atomic_write import STREAM, check_output, format_of, is_stream, same_file
from bots.commands.common import InputRefused
from pipeline.encode import PictureFormat

PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".heic", ".heif")
"""Endings of the photos that are taken from a folder; a file named directly may have any ending."""


@dataclass(frozen=True, slots=True)
class Source:
    """One photo to paint."""

    path: Path
    """`-` for standard input."""
    below: Path = Path()
    """Its folder, relative to the folder on the command line."""
    from_folder: bool = False
    """True if the command line names its folder, not the photo itself."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where one painting is written, and in which format."""

    path: Path
    """`-` for standard output."""
    picture_format: PictureFormat


def find_photos(words: Sequence[str], out: str, *, recursive: bool) -> list[Source]:
    """Return the photos that files, folders, patterns and `-` name, without duplicates, in that order.

    A folder stands for the photos in it, by their endings; with `recursive` also those of its subfolders,
    except hidden ones and the output folder. Raises `InputRefused`.
    """
    if not out or "" in words:
        # A variable of a script that is not set: Path("") would be the current folder.
        raise InputRefused("An empty name names no file. Name the photo, and the painting with -o.")
    leave_out = Path(out) if out != str(STREAM) else None
    found: dict[Path, Source] = {}
    for word in words:
        for source in _sources(word, leave_out, recursive):
            found.setdefault(source.path, source)
    return list(found.values())


def place_paintings(
    sources: Sequence[Source],
    out: str,
    *,
    style: str,
    named_format: PictureFormat | None,
) -> list[tuple[Source, Target]]:
    """Decide where each painting goes.

    One photo goes into the file that `out` names, several go into a folder of that name; the
    ending of a file decides its format, `named_format` that of a folder's files (JPEG where it is
    None). In a folder a painting has the name of its photo; if the photo itself is in that
    folder, the style's name is appended. Raises `InputRefused`.
    """
    if is_folder(out, several=len(sources) > 1 or sources[0].from_folder):
        chosen = named_format or PictureFormat.JPEG
        return list(_into_folder(sources, Path(out), style, chosen))
    target = Path(out)
    if target == STREAM or is_stream(target):
        return [(sources[0], Target(target, named_format or PictureFormat.JPEG))]
    chosen = format_of(target)
    if named_format not in (None, chosen):
        raise InputRefused(
            f"{out} is a {chosen.name} file by its ending, but --format says otherwise. "
            "Leave --format out, or change the ending."
        )
    return [(sources[0], Target(target, chosen))]


def is_folder(out: str, *, several: bool) -> bool:
    """Return whether `out` is a folder. Raises `InputRefused` if it must be one and is not."""
    path = Path(out)
    if path != STREAM and (path.is_dir() or out.endswith("/")):
        if path.exists() and not path.is_dir():
            raise InputRefused(
                f"{path} is a file, not a folder. Choose another name with -o/--out."
            )
        return True
    if not several:
        return False
    if path == STREAM or path.exists() or PictureFormat.of_ending(path.suffix):
        raise InputRefused(
            f"Several photos cannot go into one file, {out}. Name a folder, e.g. -o paintings/"
        )
    return True


def check_target(target: Target, sources: Sequence[Source], *, overwrite: bool) -> None:
    """Raise `InputRefused` for a target that would replace a photo, or a file without `overwrite`."""
    inputs = [source.path for source in sources if source.path != STREAM]
    check_output(target.path, inputs, overwrite=overwrite)


def _sources(word: str, leave_out: Path | None, recursive: bool) -> Iterator[Source]:
    path = Path(word)
    if path == STREAM:
        yield Source(STREAM)
    elif path.is_dir():
        photos = [
            Source(each, below, from_folder=True)
            for each, below in _photos_in(path, leave_out, recursive)
        ]
        if not photos:
            more = "" if recursive else " Add --recursive to look in its folders too."
            raise InputRefused(f"{word}: no photo ({', '.join(PHOTO_ENDINGS)}) is in it.{more}")
        yield from photos
    elif not path.exists() and glob.has_magic(word):
        names = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        photos = [Source(each) for each in map(Path, names) if each.is_file()]
        if not photos:
            raise InputRefused(f"{word}: no file matches this pattern.")
        yield from photos
    else:
        yield Source(path)


def _photos_in(
    folder: Path, leave_out: Path | None, recursive: bool, below: Path = Path()
) -> Iterator[tuple[Path, Path]]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputRefused(f"{folder}: cannot be read ({error.strerror}).") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_file() and entry.suffix.lower() in PHOTO_ENDINGS:
            yield entry, below
    for entry in entries if recursive else ():
        # A link to a parent folder would make this recursion endless.
        if entry.name.startswith(".") or entry.is_symlink() or not entry.is_dir():
            continue
        if leave_out is None or not same_file(entry, leave_out):
            yield from _photos_in(entry, leave_out, recursive, below / entry.name)


def _into_folder(
    sources: Sequence[Source], folder: Path, style: str, picture_format: PictureFormat
) -> Iterator[tuple[Source, Target]]:
    taken: set[str] = set()
    for source in sources:
        stem = "painting" if source.path == STREAM else source.path.stem
        place = folder / source.below
        if any(same_file(place / f"{stem}{picture_format.ending}", each.path) for each in sources):
            stem = f"{stem}-{style}"
        number, name = 1, stem
        # In lower case: some file systems ignore case.
        while str(place / name).lower() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(str(place / name).lower())
        yield source, Target(place / f"{name}{picture_format.ending}", picture_format)
