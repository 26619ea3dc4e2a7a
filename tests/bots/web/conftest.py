from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Queue

import httpx
import pytest

from bots.web.serve import run
from tasks.services import Services
from tests.bots.web.hands import Hands


@pytest.fixture
def stop() -> threading.Event:
    """Ends the page."""
    return threading.Event()


@pytest.fixture
def address(services: Services, stop: threading.Event) -> Iterator[str]:
    """Serve the page on a free port of this machine."""
    ready: Queue[str] = Queue()
    thread = threading.Thread(target=run, args=(services, "127.0.0.1", 0, stop, ready.put))
    thread.start()
    yield ready.get(timeout=20)
    stop.set()
    thread.join(timeout=20)
    assert not thread.is_alive(), "the page does not stop"


@pytest.fixture
def visitor(address: str) -> Iterator[httpx.Client]:
    """Somebody with the page open."""
    with httpx.Client(base_url=address, timeout=20) as client:
        client.get("/")
        yield client


@pytest.fixture
def hands(services: Services) -> Hands:
    """The workers."""
    return Hands(services)


Send = Callable[..., httpx.Response]


@pytest.fixture
def send(visitor: httpx.Client) -> Send:
    """Send a photo the way the page does; keywords change the form."""
    count = iter(range(1_000_000))

    def send(photo: bytes = b"a photo", **form: str) -> httpx.Response:
        data = {"event": f"event-{next(count):04}", **form}
        return visitor.post("/asks", data=data, files={"photo": ("x.jpg", photo)})

    return send
