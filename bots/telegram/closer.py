"""A closer look at a painting: its file in full quality, and beside its photo."""

from __future__ import annotations

import asyncio
from io import BytesIO

import numpy as np
from PIL import Image

from bots.telegram.files import Files
from bots.telegram.origin import Origin
from bots.telegram.paintings import Paintings
from bots.telegram.parcels import Parcel, send
from bots.telegram.speaker import Speaker
from pipeline.contract import RGB, PhotoRefused
from pipeline.photo import open_photo
from tasks.blobs import BlobMissing, BlobStore
from tasks.contract import PhotoGone

_GAP_PX = 12
_QUALITY = 90


class Gone(Exception):
    """The painting or its photo is not kept any more."""


class Closer:
    """Sends what stands behind a painting. Pictures come from the store, photos from Telegram."""

    def __init__(
        self, speaker: Speaker, files: Files, paintings: Paintings, blobs: BlobStore
    ) -> None:
        self._speaker = speaker
        self._files = files
        self._paintings = paintings
        self._blobs = blobs

    async def originals(self, origin: Origin, job_id: str) -> None:
        """Send the pictures of a job as files, as they were painted. Raises `Gone`."""
        for picture in await asyncio.to_thread(self._pictures, origin, job_id):
            await self._send(origin, Parcel((picture,), as_files=True))

    async def comparison(self, origin: Origin, job_id: str, caption: str) -> None:
        """Send photo and painting side by side. Raises `Gone`."""
        job = await asyncio.to_thread(self._paintings.job_here, job_id, origin)
        if job is None or not job.ask.photos:
            raise Gone
        picture = (await asyncio.to_thread(self._pictures, origin, job_id))[0]
        try:
            photo = await self._files.read(job.ask.photos[0].ref)
        except (PhotoGone, PhotoRefused) as error:
            raise Gone from error
        both = await asyncio.to_thread(side_by_side, photo, picture)
        await self._send(origin, Parcel((both,), caption))

    async def again(self, origin: Origin, job_id: str) -> None:
        """Send the pictures of a job once more. Raises `Gone`."""
        pictures = await asyncio.to_thread(self._pictures, origin, job_id)
        await self._send(origin, Parcel(tuple(pictures)))

    async def _send(self, origin: Origin, parcel: Parcel) -> None:
        chat = await self._speaker.chat_of(origin)
        await self._speaker.pace.turn(chat)
        await send(self._speaker, origin, chat, parcel)

    def _pictures(self, origin: Origin, job_id: str) -> list[bytes]:
        job = self._paintings.job_here(job_id, origin)
        if job is None or not job.pictures:
            raise Gone
        try:
            return [self._blobs.get(key) for key in job.pictures]
        except BlobMissing as error:
            raise Gone from error


def side_by_side(photo: bytes, picture: bytes) -> bytes:
    """Return a JPEG with the photo on the left and its painting on the right. Raises `Gone`."""
    painting = np.asarray(Image.open(BytesIO(picture)).convert("RGB"))
    try:
        left = _at_height(open_photo(photo).pixels, painting.shape[0])
    except PhotoRefused as error:
        raise Gone from error
    gap = np.full((painting.shape[0], _GAP_PX, 3), 255, np.uint8)
    file = BytesIO()
    Image.fromarray(np.hstack([left, gap, painting])).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _at_height(pixels: RGB, height_px: int) -> RGB:
    width_px = max(1, round(pixels.shape[1] * height_px / pixels.shape[0]))
    resized = Image.fromarray(pixels).resize((width_px, height_px), Image.Resampling.LANCZOS)
    return np.asarray(resized)
