"""Which of the bot's messages show which job, and the files that Telegram has of them."""

from __future__ import annotations

import hashlib

from bots.telegram.chats import Chats
from bots.telegram.heard import Heard
from bots.telegram.origin import Origin
from tasks.contract import Job
from tasks.ledger import Ledger
from tasks.notebook import Notebook


class Paintings:
    """The adapter's memory of what it has shown."""

    def __init__(self, ledger: Ledger, notebook: Notebook, chats: Chats, keep_s: float) -> None:
        self._ledger = ledger
        self._chats = chats
        self._notebook = notebook
        self._keep_s = keep_s

    def job(self, job_id: str) -> Job | None:
        """Return a job, None once it is forgotten."""
        return self._ledger.find_job(job_id)

    def job_here(self, job_id: str, origin: Origin) -> Job | None:
        """Return a job that may be spoken of at `origin`, None for any other.

        Job ids can be guessed and button data forged: what belongs to another conversation stays there.
        """
        job = self.job(job_id)
        return job if job is not None and self._is_here(job, origin) else None

    def _is_here(self, job: Job, origin: Origin) -> bool:
        if origin.inline and job.marks.get("stand") == f"inline:{origin.inline}":
            return True
        place = int(job.ask.conversation)
        return origin.person == job.ask.person or origin.chat in (place, self._chats.now_at(place))

    def forget(self, platform: str, person: str) -> None:
        """Forget which messages show a person's jobs; to be called before the jobs are forgotten."""
        ids = (
            *self._ledger.open_jobs(platform, person),
            *self._ledger.past_jobs(platform, person, 1_000),
        )
        for job in self._ledger.find_jobs(ids):
            messages = f"{job.marks.get('stand', '')},{job.marks.get('sent', '')}".split(",")
            chat = job.ask.address.get("chat", "")
            self._notebook.delete(*(f"shown:{chat}:{each}" for each in messages))

    def remember(self, chat: int, messages: tuple[int, ...], job_id: str) -> None:
        """Remember that these messages show a job's pictures."""
        for message in messages:
            self._notebook.put(f"shown:{chat}:{message}", job_id, self._keep_s)

    def shown(self, chat: int, message: int) -> Job | None:
        """Return the job that a message shows, None for any other message."""
        job_id = self._notebook.get(f"shown:{chat}:{message}") if message else None
        return None if job_id is None else self.job(job_id)

    def meant(self, platform: str, heard: Heard) -> Job | None:
        """Return the job that somebody speaks of: the one replied to, else their latest."""
        shown = self.shown(heard.origin.chat, heard.replied_message)
        if shown is not None:
            return shown
        return self._ledger.latest_job(platform, heard.origin.person)

    def file_of(self, picture: bytes) -> str | None:
        """Return the file id under which Telegram has this picture already."""
        return self._notebook.get(_key(picture))

    def remember_file(self, picture: bytes, file_id: str) -> None:
        """Remember that Telegram has this picture: next time nothing need be uploaded."""
        self._notebook.put(_key(picture), file_id, self._keep_s)

    def forget_file(self, picture: bytes) -> None:
        """Telegram does not have this picture any more."""
        self._notebook.delete(_key(picture))


def _key(picture: bytes) -> str:
    return f"file:{hashlib.sha256(picture).hexdigest()[:40]}"
