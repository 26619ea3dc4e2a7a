"""Keeps two `suisai up` off one data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.contract import Explained


class FolderTaken(Explained):
    """Another Suisai runs on this data folder."""


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold a data folder for this process. Raises `FolderTaken`, `OSError`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise FolderTaken(
                f"Suisai already runs on {folder} (process {lock.read().strip() or 'unknown'}). "
                "End that one first, or set SUISAI_DATA_DIR to another folder."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
