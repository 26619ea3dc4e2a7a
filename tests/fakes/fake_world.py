"""The world behind the fake platform: a process with its own list of who asked and what was answered."""

from __future__ import annotations

import argparse
import io
import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image

FLOOD_RATE = 0.1
LOST_RATE = 0.05
CUT_RATE = 0.03
POISON_RATE = 0.02
VIRAL_RATE = 0.1


class World(ThreadingHTTPServer):
    """Hands out asks, serves photos, takes answers; now and then it misbehaves as platforms do."""

    daemon_threads = True

    def __init__(self, jobs: int, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.Lock()
        self.chance = random.Random(seed)
        self.asks = [self._ask(number) for number in range(jobs)]
        self.taken = 0
        self.answers: dict[str, list[str]] = {}
        self.counts = {"floods": 0, "lost responses": 0, "cut uploads": 0}

    def _ask(self, number: int) -> dict[str, object]:
        draw = self.chance.random()
        kind = (
            "poison"
            if draw < POISON_RATE
            else "viral"
            if draw < POISON_RATE + VIRAL_RATE
            else "photo"
        )
        photo = "viral" if kind == "viral" else f"{kind}-{number}"
        return {"event": f"e{number}", "person": f"p{number % 97}", "photo": photo}

    def happens(self, rate: float, what: str = "") -> bool:
        """Draw whether something of this rate happens now."""
        with self.lock:
            hit = self.chance.random() < rate
            if hit and what:
                self.counts[what] += 1
            return hit

    def state(self) -> dict[str, object]:
        """Return the world's own books."""
        with self.lock:
            return {
                "asked": [ask["event"] for ask in self.asks[: self.taken]],
                "of": len(self.asks),
                "answers": self.answers,
                "counts": self.counts,
            }


class _Handler(BaseHTTPRequestHandler):
    server: World

    def do_GET(self) -> None:
        what, _, name = self.path.strip("/").partition("/")
        if what == "updates":
            with self.server.lock:
                batch = self.server.asks[self.server.taken : self.server.taken + 10]
            self._say(200, json.dumps({"from": self.server.taken, "asks": batch}).encode())
        elif what == "state":
            self._say(200, json.dumps(self.server.state()).encode())
        elif self.server.happens(FLOOD_RATE, "floods"):
            self._flood()
        elif what == "photos":
            self._say(200, picture(name), cut=self.server.happens(CUT_RATE))
        else:
            with self.server.lock:
                known = self.server.answers.get(name)
            self._say(200 if known else 404, f"r-{name}".encode())

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        what, *rest = self.path.strip("/").split("/")
        if what == "taken":
            with self.server.lock:
                self.server.taken = max(self.server.taken, int(rest[0]))
            self._say(200, b"")
            return
        if self.server.happens(CUT_RATE, "cut uploads"):
            self.rfile.read(size // 2)
            self.close_connection = True
            return
        self.rfile.read(size)
        if self.server.happens(FLOOD_RATE, "floods"):
            self._flood()
            return
        event, said = rest
        with self.server.lock:
            self.server.answers.setdefault(event, []).append(said)
        time.sleep(0.02)  # a slow platform
        if self.server.happens(LOST_RATE, "lost responses"):
            self.close_connection = True
            return
        self._say(200, f"r-{event}".encode())

    def _flood(self) -> None:
        self.send_response(429)
        self.send_header("Retry-After", "0.3")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _say(self, status: int, body: bytes, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def picture(name: str) -> bytes:
    """Return a small photo, another one for each name."""
    chance = random.Random(name)
    image = Image.effect_noise((128, 96), chance.uniform(20, 90)).convert("RGB")
    image.paste(tuple(chance.randrange(256) for _ in range(3)), (20, 20, 90, 70))
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


def main() -> None:
    """Serve until killed; the address is written to a file once the world is open."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--address", type=Path, required=True)
    wish = parser.parse_args()
    world = World(wish.jobs, wish.seed)
    part = wish.address.with_suffix(".part")
    part.write_text(f"http://127.0.0.1:{world.server_address[1]}")
    part.rename(wish.address)
    world.serve_forever()


if __name__ == "__main__":
    main()
