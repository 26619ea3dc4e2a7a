"""Files and folders that only the user of this process can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pipeline.errors import UserFacingError

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


class FolderNotPrivate(UserFacingError):
    """A folder belongs to another user, who can create files in it."""


class FileNotPrivate(UserFacingError):
    """A secret file belongs to another user."""


def keep_files_private() -> None:
    """Let this process and its children create files as 0600 and folders as 0700 from now on."""
    os.umask(0o077)


def private_folder(folder: Path) -> Path:
    """Create a folder and its parents, or remove the access of other users from an existing one.

    A folder of another user, a mounted volume for example, is not changed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
    folder.mkdir(exist_ok=True, mode=_FOLDER_MODE)
    found = folder.stat()
    if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(_FOLDER_MODE)
    return folder


def own_folder(folder: Path) -> Path:
    """Create or check a folder that only this user can write to. Raises `FolderNotPrivate`."""
    private_folder(folder)
    users = {folder.lstat().st_uid, folder.stat().st_uid}
    if users != {os.geteuid()}:
        raise FolderNotPrivate(
            f"{folder} belongs to another user of this machine. "
            "Remove it, or set SUISAI_DATA_DIR to another folder."
        )
    return folder


def read_secret_file(path: Path) -> str:
    """Read a secret from a file of this user or root, and remove the access of other users to it.

    Raises `FileNotPrivate` for a file or link of another user, who would know the secret. Raises
    `OSError`.
    """
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if not {found.st_uid, path.lstat().st_uid} <= {os.geteuid(), 0}:
            raise FileNotPrivate(
                f"{path} belongs to another user of this machine, who knows its content. Remove it, and "
                "set SUISAI_DATA_DIR to a folder where only you can write."
            )
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(file.fileno(), _FILE_MODE)
        return file.read().decode("ascii", "replace").strip()


def private_opener(path: str, flags: int) -> int:
    """Create files with mode 0600 for any umask: `open(path, "a", opener=private_opener)`.

    Links are not followed: another user may have put one there that leads to a file of this user.
    """
    return os.open(path, flags | os.O_NOFOLLOW, _FILE_MODE)


def is_own_socket(path: Path) -> bool:
    """Return whether the path is a Unix socket of this user in a folder that only this user can write to."""
    try:
        found, folder = path.lstat(), path.parent.stat()
    except OSError:
        return False
    owned = found.st_uid == folder.st_uid == os.geteuid()
    return owned and stat.S_ISSOCK(found.st_mode) and not folder.st_mode & 0o022
