"""An X on this machine, and the adapter set up to talk to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
import uvicorn

from bots.web.app import build_app
from bots.x.client import XClient
from bots.x.listener.context import owners_of
from bots.x.listener.mentions import Mentions
from bots.x.oauth import Tokens
from bots.x.platform import XDirectMessages, XPlatform
from bots.x.settings import XSettings
from bots.x.store import Memory
from tasks.ledger.records import job_id_of
from tasks.models import Job
from tasks.services import Services
from tests.bots.x.spec import XSpec
from tests.fakes.x_api import ACCESS, CONSUMER_SECRET, REFRESH, FakeX
from tests.fakes.x_words import POST, Words
from tests.stack import eventually
from tests.tasks.delivery_worker import Answered, DeliveryWorker


@pytest.fixture
def words() -> Words:
    """The vocabulary that X's own description knows; tests of reading and of prices try the other, too."""
    return POST


@pytest.fixture
def fake(words: Words, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeX]:
    """A running fake X; at the end, all requests must conform to X's own description."""
    with FakeX(words) as server:
        monkeypatch.setenv("SUISAI_X_OWNS_APP", "true")
        monkeypatch.setenv("SUISAI_X_API_URL", server.url)
        monkeypatch.setenv("SUISAI_X_CLIENT_ID", "client")
        monkeypatch.setenv("SUISAI_X_SETTLING_S", "0")
        monkeypatch.setenv("SUISAI_X_RETRY_S", "0.05")
        monkeypatch.setenv("SUISAI_X_TIMEOUT_S", "5")
        yield server
    if words is POST:
        assert XSpec().complaints(server) == []


@pytest.fixture
def connect(fake: FakeX, services: Services) -> Callable[..., XClient]:
    """Connects the bot's account; keywords replace settings."""

    def connected(**settings: object) -> XClient:
        x = XClient.open(services, XSettings(**settings))  # type: ignore[arg-type] # tests name the settings
        if not x.settings.has_oauth1:
            x.tokens.store(Tokens(ACCESS, REFRESH, time.time() + 7200))
        return x

    return connected


@pytest.fixture(autouse=True)
def _counted_is_billed(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test, what the bot counted equals what X billed within 2%, except unknown outcomes."""
    if not {"fake", "services"} <= set(request.fixturenames):
        yield
        return
    fake: FakeX = request.getfixturevalue("fake")
    services: Services = request.getfixturevalue("services")
    yield
    if len(fake.bill.by_day) > 1:
        return  # the test itself compares, day by day
    spent = XClient.open(services).budget.spending()
    slack = 0.02 * fake.bill.dollars + 1e-9
    assert spent.today_usd - spent.uncertain_usd <= fake.bill.dollars + slack, spent
    assert fake.bill.dollars <= spent.today_usd + spent.held_usd + slack, (spent, fake.bill.charged)


@pytest.fixture
def x(connect: Callable[..., XClient]) -> XClient:
    """The client of X, connected."""
    return connect()


@pytest.fixture
def inbox(services: Services, x: XClient) -> Mentions:
    """The handler of mentions."""
    return Mentions(services, x)


@pytest.fixture
def worker(services: Services, x: XClient) -> DeliveryWorker:
    """A delivering worker with X connected."""
    return DeliveryWorker(services, {"x": XPlatform(services), "x-dm": XDirectMessages(services)})


@pytest.fixture
def web(services: Services, x: XClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """The web process with X's webhook among its routes."""
    monkeypatch.setenv("SUISAI_X_WEBHOOKS", "true")
    monkeypatch.setenv("SUISAI_X_CONSUMER_SECRET", CONSUMER_SECRET)
    x.me()
    app = build_app(services)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        yield client
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def photo(fake: FakeX) -> Callable[[], str]:
    """Puts a new photo on X and returns its media key."""
    return lambda: fake.world.picture("https://pbs.twimg.com/media/cat.jpg")


@pytest.fixture
def read(x: XClient, inbox: Mentions) -> Callable[[], int]:
    """Lets the bot read all its mentions once."""
    return lambda: inbox.take([x.mentions(None, None)])


@pytest.fixture
def job_of(services: Services) -> Callable[[str], Job]:
    """Finds the job of a mention."""
    return lambda mention: services.ledger.job(job_id_of("x", mention))


@pytest.fixture
def answered(
    fake: FakeX,
    photo: Callable[[], str],
    read: Callable[[], int],
    job_of: Callable[[str], Job],
    services: Services,
) -> Callable[..., Answered]:
    """Mentions the bot with a photo, or under somebody's photo, and has it answered."""

    def ask_and_answer(words: str = "@suisai", by: str = "ann", under: str = "") -> Answered:
        own = {"under": under} if under else {"media": [photo()]}
        mention = fake.world.post(by, words, **own)
        read()
        made = fake.world.reply_from_bot(mention, "painted", [], made_with_ai=True)
        job = job_of(mention)
        Memory(services.kv("x"), 1000.0).answered(made.id, job.id, owners_of(job))
        return Answered(mention, made.id)

    return ask_and_answer
