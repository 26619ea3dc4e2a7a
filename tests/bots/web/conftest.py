from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from queue import Queue

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from bots.web.serve import run
from tasks.services import Services
from tests.bots.web.web_worker import WebWorker

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a window; for a module, since its event loop would be in the way of other tests'."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium or google-chrome on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


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
    """An HTTP client with the page's cookie."""
    with httpx.Client(base_url=address, timeout=20) as client:
        client.get("/")
        yield client


@pytest.fixture
def worker(services: Services) -> WebWorker:
    """The workers."""
    return WebWorker(services)


Send = Callable[..., httpx.Response]


@pytest.fixture
def send(visitor: httpx.Client) -> Send:
    """Send a photo the way the page does; keywords change the form."""
    count = iter(range(1_000_000))

    def send(photo: bytes = b"a photo", **form: str) -> httpx.Response:
        data = {"event": f"event-{next(count):04}", **form}
        return visitor.post("/asks", data=data, files={"photo": ("x.jpg", photo)})

    return send
