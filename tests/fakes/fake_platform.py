"""The server behind the fake platform, with its own list of requests and answers."""

from __future__ import annotations

import io
import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from tests.fakes.fault_injector import FaultInjector, FaultKind


class FakePlatformServer(ThreadingHTTPServer):
    """Serves requests and photos, and accepts answers; the injector decides which calls fail."""

    daemon_threads = True
    # A burst of connections must not be refused by the operating system.
    request_queue_size = 128

    def __init__(self, injector: FaultInjector) -> None:
        super().__init__(("127.0.0.1", 0), _PlatformHandler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.lock = threading.Lock()
        self.injector = injector
        self.requests: list[dict[str, str]] = []
        self.taken = 0
        self.answers: dict[str, list[str]] = {}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def add_request(self, event: str, person: str, photo: str) -> None:
        """Add a request."""
        with self.lock:
            self.requests.append({"event": event, "person": person, "photo": photo})

    def all_answers(self) -> dict[str, list[str]]:
        """Return the answers to each request that has any: 'painting' or 'apology', in order."""
        with self.lock:
            return {event: list(kinds) for event, kinds in self.answers.items()}

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Ignore clients that were killed."""


class _PlatformHandler(BaseHTTPRequestHandler):
    server: FakePlatformServer

    def do_GET(self) -> None:
        what, _, name = self.path.strip("/").partition("/")
        if what == "updates":
            with self.server.lock:
                batch = self.server.requests[self.server.taken : self.server.taken + 10]
                body = json.dumps({"from": self.server.taken, "requests": batch})
            self._respond(200, body.encode())
            return
        fault = self.server.injector.draw(FaultKind.FLOOD, FaultKind.CUT)
        if fault is FaultKind.FLOOD:
            self._flood()
        elif what == "photos":
            self._respond(200, picture(name), cut=fault is FaultKind.CUT)
        else:
            known = name in self.server.all_answers()
            self._respond(200 if known else 404, f"r-{name}".encode(), cut=fault is FaultKind.CUT)

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        what, *rest = self.path.strip("/").split("/")
        if what == "taken":
            with self.server.lock:
                self.server.taken = max(self.server.taken, int(rest[0]))
            self._respond(200, b"")
        else:
            self._take_answer(size, *rest)

    def _take_answer(self, size: int, event: str, kind: str) -> None:
        fault = self.server.injector.draw(*FaultKind)
        if fault is FaultKind.CUT:
            self.rfile.read(size // 2)
            self.close_connection = True
            return
        self.rfile.read(size)
        if fault is FaultKind.FLOOD:
            self._flood()
            return
        if fault is FaultKind.OUTAGE:
            self._respond(503, b"")
            return
        with self.server.lock:
            self.server.answers.setdefault(event, []).append(kind)
        time.sleep(0.02)  # a slow platform
        if fault is FaultKind.LOST:
            self.close_connection = True
            return
        self._respond(200, f"r-{event}".encode())

    def _flood(self) -> None:
        self.send_response(429)
        self.send_header("Retry-After", "0.3")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _respond(self, status: int, body: bytes, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def picture(name: str) -> bytes:
    """Return a small photo that depends on `name`."""
    rng = random.Random(name)
    image = Image.effect_noise((128, 96), rng.uniform(20, 90)).convert("RGB")
    image.paste(tuple(rng.randrange(256) for _ in range(3)), (20, 20, 90, 70))
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()
