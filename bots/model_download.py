"""Downloads models from the hub: resumes partial files, verifies checksums, refuses pickles.

The hub's API: https://huggingface.co/docs/hub/api. The hub's own client is not used, because it restarts
an interrupted file from the beginning, and these files have gigabytes.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from pipeline.errors import UserFacingError
from pipeline.models import Model, ModelSource
from pipeline.models.selection import UNFINISHED

HUB = "https://huggingface.co"

SUFFIXES = (".safetensors", ".json", ".txt", ".jinja", ".model")
"""Files that are downloaded: weights that cannot run code, configuration, tokenizer data."""

CHUNK = 1 << 20

TRIES = 4
"""Attempts in a row that bring no new byte before a download is given up."""


class PullFailed(UserFacingError):
    """A model cannot be downloaded; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class PullProgress:
    """The progress of a download."""

    file: str
    """The file that is being downloaded or verified."""
    done_bytes: int
    total_bytes: int


Tell = Callable[[PullProgress], None]


class _Lfs(BaseModel):
    sha256: str


class _Sibling(BaseModel):
    rfilename: str
    size: int = 0
    blobId: str = ""  # noqa: N815 - the hub's spelling
    lfs: _Lfs | None = None


class _Listing(BaseModel):
    sha: str
    siblings: list[_Sibling]


_ACCOUNT_NEEDED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class _File:
    hub: str
    repository: str
    url: str
    path: Path
    size: int
    digest: str
    is_sha256: bool
    """False: `digest` is a git blob id (SHA-1), which the hub gives for small files."""


def pull(
    model: Model,
    models: Path,
    tell: Tell,
    *,
    hub: str = HUB,
    token: str | None = None,
    pause_s: float = 2.0,
) -> None:
    """Download all files of a model into the models folder. Raises `PullFailed`.

    A gated model needs the token of an account that accepted its licence. The call may be stopped at any
    moment and repeated. `tell` hears of every piece.
    """
    if model.gated and not token:
        raise PullFailed(_account_words(hub, model.source.repository))
    headers = {"authorization": f"Bearer {token}"} if token else {}
    timeout = httpx.Timeout(30.0)
    with httpx.Client(headers=headers, follow_redirects=True, timeout=timeout) as client:
        files = [file for source in model.sources for file in _wanted(client, hub, source, models)]
        _check_disk(models, sum(file.size for file in files if not file.path.exists()))
        done, total = 0, sum(file.size for file in files)
        for file in files:
            part = _telling(tell, file, done, total)
            _fetch(client, file, part, pause_s)
            done += file.size
    for source in model.sources:
        (models / source.folder / UNFINISHED).unlink(missing_ok=True)


def _wanted(client: httpx.Client, hub: str, source: ModelSource, models: Path) -> Iterator[_File]:
    listing = _list(client, hub, source)
    folder = models / source.folder
    chosen = [sibling for sibling in listing.siblings if _is_wanted(sibling.rfilename, source)]
    _refuse_gaps(chosen, source)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / UNFINISHED).touch()
    for sibling in chosen:
        yield _File(
            hub,
            source.repository,
            f"{hub}/{source.repository}/resolve/{listing.sha}/{quote(sibling.rfilename)}",
            folder / sibling.rfilename,
            sibling.size,
            sibling.lfs.sha256 if sibling.lfs else sibling.blobId,
            sibling.lfs is not None,
        )


def _list(client: httpx.Client, hub: str, source: ModelSource) -> _Listing:
    url = f"{hub}/api/models/{source.repository}/revision/{quote(source.revision, safe='')}"
    try:
        answer = client.get(url, params={"blobs": "true"})
        answer.raise_for_status()
        return _Listing.model_validate_json(answer.content)
    except httpx.HTTPStatusError as error:
        raise PullFailed(_explain(error, hub, source.repository)) from error
    except httpx.TransportError as error:
        raise PullFailed(f"The hub at {hub} cannot be reached ({error}): try again.") from error
    except ValidationError as error:
        raise PullFailed(
            f"{url} did not return a model's file list: is a proxy in between?"
        ) from error


def _is_wanted(name: str, source: ModelSource) -> bool:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path.suffix not in SUFFIXES:
        return False
    inside = any(name == part or name.startswith(f"{part}/") for part in source.parts)
    other_variant = ".fp16." in path.name and source.variant != "fp16"
    return inside and ".bin." not in path.name and not other_variant


def _refuse_gaps(chosen: list[_Sibling], source: ModelSource) -> None:
    for part in source.parts:
        if not any(s.rfilename == part or s.rfilename.startswith(f"{part}/") for s in chosen):
            raise PullFailed(
                f"{source.repository} has no {part} without pickles at {source.revision}:"
                " only safetensors are accepted."
            )


def _check_disk(models: Path, needed: int) -> None:
    free = shutil.disk_usage(models).free
    if needed > free:
        raise PullFailed(
            f"The model needs {needed / 1e9:.1f} GB in {models} and {free / 1e9:.1f} GB are free:"
            " make room, or set SUISAI_DATA_DIR to a larger disk."
        )


def _fetch(client: httpx.Client, file: _File, tell: Callable[[int], None], pause_s: float) -> None:
    if file.path.exists() and _is_whole(file, file.path):
        tell(file.size)
        return
    file.path.parent.mkdir(parents=True, exist_ok=True)
    part = file.path.with_name(f"{file.path.name}.part")
    idle_tries = 0
    while (before := _size(part)) < file.size:
        trouble = _resume(client, file, part, tell)
        if trouble is None:
            continue
        idle_tries = idle_tries + 1 if _size(part) <= before else 0
        if idle_tries == TRIES:
            raise PullFailed(
                f"{file.path.name} stopped at {_size(part)} of {file.size} bytes ({trouble}):"
                " run the command again to continue."
            )
        time.sleep(pause_s)
    if file.size == 0:
        part.touch()
    if not _is_whole(file, part):
        part.unlink()
        raise PullFailed(
            f"{file.path.name} has a wrong checksum and was deleted: run the command again."
        )
    part.replace(file.path)


def _resume(
    client: httpx.Client, file: _File, part: Path, tell: Callable[[int], None]
) -> Exception | None:
    """Fetch the missing part of a file; return the error that interrupted it, or None."""
    begun = _size(part)
    try:
        # Checksums are of the plain bytes, so the response must not be compressed.
        headers = {"range": f"bytes={begun}-", "accept-encoding": "identity"}
        with client.stream("GET", file.url, headers=headers) as answer:
            answer.raise_for_status()
            goes_on = answer.status_code == httpx.codes.PARTIAL_CONTENT
            with part.open("ab" if goes_on else "wb") as out:
                for chunk in answer.iter_raw():
                    out.write(chunk)
                    tell(out.tell())
    except httpx.HTTPStatusError as error:
        if error.response.status_code in _ACCOUNT_NEEDED:
            raise PullFailed(_explain(error, file.hub, file.repository)) from error
        return error
    except httpx.TransportError as error:
        return error
    return None if _size(part) > begun else httpx.ReadError("the answer was empty")


def _is_whole(file: _File, path: Path) -> bool:
    if _size(path) != file.size:
        return False
    digest = hashlib.sha256() if file.is_sha256 else hashlib.sha1(usedforsecurity=False)
    if not file.is_sha256:
        digest.update(f"blob {file.size}\0".encode())
    with path.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == file.digest


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _telling(tell: Tell, file: _File, done: int, total: int) -> Callable[[int], None]:
    return lambda of_file: tell(PullProgress(file.path.name, done + of_file, total))


def _explain(error: httpx.HTTPStatusError, hub: str, repository: str) -> str:
    status = error.response.status_code
    if status in _ACCOUNT_NEEDED:
        return _account_words(hub, repository)
    return f"The hub at {hub} answered {status} for {repository}: try again later."


def _account_words(hub: str, repository: str) -> str:
    return (
        f"{repository} needs an account: log in, accept its licence at {hub}/{repository}, make an access"
        " token that may read, and set SUISAI_HUB_TOKEN to it."
    )
