"""Runs the web server until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import structlog
import uvicorn

from bots.web.addresses import TrustedProxies
from bots.web.app import build_app
from bots.web.connections import Connections
from bots.web.settings import WebSettings
from tasks.services import Services

_log = structlog.get_logger()

_GRACE_S = 3


class CannotListen(OSError):
    """The server cannot listen on this address; the message says why and what to do."""


def run(
    services: Services,
    host: str,
    port: int,
    stop: threading.Event,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until `stop` is set. Raises `CannotListen`.

    Calls `ready` with the page's URL once the server accepts connections. Handles no signals.
    """
    listener = _listen(host, port)
    url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
    asyncio.run(_serve(services, listener, stop, lambda: (ready or _say_ready)(url)))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotListen(_why(host, port, error)) from error
    return listener


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken: stop what listens there, or choose another port."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs administrator rights: choose a port above 1023."
    return f"Nothing can listen on {host}, port {port}: {error.strerror or error}."


class _Server(uvicorn.Server):
    """A uvicorn server that installs no signal handlers and reports when it accepts connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(
    services: Services, listener: socket.socket, stop: threading.Event, ready: Callable[[], None]
) -> None:
    settings = WebSettings()
    app = build_app(services, settings)
    config = uvicorn.Config(
        app,
        http=Connections(TrustedProxies(settings.trusted_proxies)).protocol(),  # type: ignore[arg-type]
        # uvicorn would trust any proxy on loopback; `ForwardedAddresses` follows the settings instead.
        proxy_headers=False,
        # The page has no WebSockets, and an upgrade would leave the limits of `Connections`.
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config, ready)

    def end() -> None:
        app.state.job_events.stop()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    watcher = threading.Thread(
        target=_when_set, args=(stop, lambda: loop.call_soon_threadsafe(end)), daemon=True
    )
    watcher.start()
    await server.serve(sockets=[listener])


def _when_set(stop: threading.Event, then: Callable[[], object]) -> None:
    stop.wait()
    with suppress(RuntimeError):  # the event loop has already ended
        then()


def _say_ready(url: str) -> None:
    _log.info("page ready", url=url)
