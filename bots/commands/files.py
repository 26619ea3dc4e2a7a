"""Files that a person named: written whole or not at all."""

from __future__ import annotations

from pathlib import Path


def write_whole(target: Path, data: bytes) -> None:
    """Write a file, and its folder; a full disk leaves no half file under the wanted name.

    Raises `OSError` with a sentence.
    """
    part = target.with_name(f".{target.name}.part")
    if target.exists() and not target.is_file():
        raise OSError(f"{target} is no file. Name a file with -o/--out.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(target)
    except OSError as error:
        if part.parent.is_dir():
            part.unlink(missing_ok=True)
        raise OSError(
            f"Cannot write {target}: {error.strerror}. Choose another place with -o/--out."
        ) from error
