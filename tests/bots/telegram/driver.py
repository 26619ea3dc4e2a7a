"""The last stage of Telegram, called by hand: a test decides what Telegram says to each call.

No process runs. The ledger, the adapter and the HTTP calls are real, the server is the fake one.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

from bots.i18n import t
from bots.telegram.client import hello, home, open_bot
from bots.telegram.events import BotIdentity, Origin, Place
from bots.telegram.listener.context import open_context
from bots.telegram.listener.dispatcher import Dispatcher
from bots.telegram.platform import TelegramPlatform
from bots.telegram.settings import TelegramSettings
from bots.telegram.store import Placeholder, PlaceholderQueue
from pipeline.safety import Screen, Unscreened
from pipeline.styles import load_styles
from tasks.models import Claim, Job, PaintRequest, PhotoRef, Stage
from tasks.platform import Platforms
from tasks.services import Services
from tasks.worker.deliver import deliver
from tasks.worker.leases import LeaseRenewer as LeaseRenewer
from tasks.worker.loop import ThroughputMeter, WorkerContext
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_world import BOT, Chat, Json
from tests.tasks.ledger_driver import LedgerDriver
from tools.chaos.telegram import is_promise


@dataclass
class DeliveryDriver:
    """One delivery worker, and the listener's updates of placeholders."""

    services: Services
    api: TelegramApi
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._offset = 0
        self._workers: list[WorkerContext] = []
        self.ledger_driver = LedgerDriver(self.services)
        self.queue = PlaceholderQueue(self.services.ledger, self.services.kv("telegram"))
        self.worker = self.new_worker()

    def new_worker(self) -> WorkerContext:
        """Return another worker, as another process would create it."""
        services = self.services
        worker = WorkerContext(
            services=services,
            platforms=Platforms(services),
            styles=load_styles(),
            screen=Screen([Unscreened()]),
            leases=LeaseRenewer(services.ledger, services.settings.lease_s),
            throughput=ThroughputMeter(services.controls, (Stage.DELIVER,), "painter", 1),
        )
        self._workers.append(worker)
        return worker

    def close(self) -> None:
        """Close the connections of every worker."""
        for worker in self._workers:
            platform = worker.platforms["telegram"]
            assert isinstance(platform, TelegramPlatform)
            platform.close()

    def painted(
        self,
        person: int,
        *,
        chat: int | None = None,
        placeholder: bool = True,
        pictures: int = 1,
        paint: bool = True,
    ) -> tuple[str, Json]:
        """Bring a person's photo to the last stage; return the job and the photo's message.

        Without `paint` it is only admitted.
        """
        number = next(self._numbers)
        sent = self.api.people.photo(person, snapshot(number), chat=chat)
        where = sent["chat"]["id"]
        origin = Origin(
            chat=where,
            message=sent["message_id"],
            person=str(person),
            place=Place.GROUP if where < 0 else Place.PRIVATE,
        )
        ask = PaintRequest(
            platform="telegram",
            event=f"message:{where}:{origin.message}",
            person=str(person),
            conversation=str(where),
            photos=(PhotoRef("photo"),) * max(1, pictures),
            private=origin.private,
            address=origin.address(),
        )
        job_id = self.ledger_driver.admit(ask)
        if paint:
            self.paint(job_id, pictures)
        if placeholder:
            self.placeholder(job_id, where, t("en", "status-fetch"))
        return job_id, sent

    def painted_for_guest(self, person: int, *, paint: bool = True) -> str:
        """Advance the photo of a guest query to the stage `deliver`, or only admit it; return the job."""
        origin = Origin(-4242, next(self._numbers), str(person), Place.GUEST, guest_query="q")
        self.api.world.chat(person)
        ask = PaintRequest(
            platform="telegram",
            event=f"message:{origin.chat}:{origin.message}",
            person=str(person),
            conversation=str(origin.chat),
            photos=(PhotoRef("photo"),),
            address=origin.address(),
        )
        job_id = self.ledger_driver.admit(ask)
        if paint:
            self.paint(job_id)
        return job_id

    def photo(self) -> bytes:
        """Return a new photo."""
        return snapshot(next(self._numbers))

    def paint(self, job_id: str, pictures: int = 1) -> None:
        """Advance this job, which must be the next one, to the stage `deliver`."""
        self.ledger_driver.fetch()
        claim = self.ledger_driver.take(Stage.RENDER)
        assert claim.job.id == job_id
        keys = [f"pictures/{job_id}-{n}.jpg" for n in range(pictures)]
        for n, key in enumerate(keys):
            self.services.blobs.put(key, snapshot(1_000 * next(self._numbers) + n))
        self.services.ledger.transitions.painted(claim, keys)

    def placeholder(self, job_id: str, chat: int, words: str) -> Json:
        """Send a placeholder for a request, as the listener does."""
        message = self.api.world.post(self.api.world.chat(chat), BOT, {"text": words})
        placeholder = Placeholder(job_id, chat, str(message["message_id"]))
        self.services.ledger.swap_platform_data(job_id, "placeholder", "", placeholder.written)
        self.queue.add(placeholder, 0.0)
        return message

    def deliver(self, worker: WorkerContext | None = None, claim: Claim | None = None) -> None:
        """Deliver the next job with a worker."""
        deliver(worker or self.worker, [claim or self.ledger_driver.take(Stage.DELIVER)])

    def ended(self, job_id: str, tries: int = 12) -> Job:
        """Deliver until the job has ended, without the pauses in between."""
        for _ in range(tries):
            job = self.services.ledger.job(job_id)
            if job.stage is None:
                return job
            self.services.controls.resume(Stage.DELIVER, "telegram")
            self.ledger_driver.skip_pauses()
            for claim in self.ledger_driver.claim(Stage.DELIVER):
                self.deliver(claim=claim)
        raise AssertionError(f"still in {job.stage} after {tries} tries: {job.history}")

    def listen(self) -> None:
        """Handle the updates of what people did, and wait until all replies are sent."""
        settings = TelegramSettings()

        async def listen() -> None:
            async with open_bot(settings) as bot:
                dispatcher = Dispatcher(
                    open_context(self.services, settings, bot, await hello(bot))
                )
                for update in self.api.updates.fetch(self._offset, 100):
                    await dispatcher.take(update)
                    self._offset = update["update_id"] + 1
                await dispatcher.all_said()

        asyncio.run(listen())

    def trust_the_server_again(self) -> None:
        """Delete the note that this server cannot edit a text into a picture."""
        bot = open_bot(TelegramSettings())
        self.services.kv("telegram").delete(f"no-picture-from-text:{home(bot)}")

    def look(self) -> None:
        """Update every placeholder, as the listener does."""
        settings = TelegramSettings()

        async def look() -> None:
            async with open_bot(settings) as bot:
                me = BotIdentity(777, "suisai_bot")
                await open_context(self.services, settings, bot, me).placeholders.look()

        asyncio.run(look())

    def retract(self) -> None:
        """Delete the messages that are queued for deletion, as a worker does."""
        platforms = self.worker.platforms
        self.services.retractions.run(lambda name, receipt: platforms[name].retract(receipt))

    def promises(self, chat: Chat) -> list[str]:
        """Return the messages of a chat that promise an answer that does not exist."""
        texts = [message.get("text", "") for message in chat.of_bot()]
        return [text for text in texts if is_promise(text)]
