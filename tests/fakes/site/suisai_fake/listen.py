"""The listener of the fake platform: it admits requests, then confirms them."""

from __future__ import annotations

import os
import threading

import httpx
from redis.exceptions import RedisError

from tasks.ledger.ledger import Ledger
from tasks.models import PaintRequest, PhotoRef, Refused
from tasks.services import Services


def take(ledger: Ledger, http: httpx.Client) -> int:
    """Admit the next requests; return how many there were."""
    update = http.get("/updates").json()
    for row in update["requests"]:
        photo = PhotoRef(row["photo"])
        request = PaintRequest("fake", row["event"], row["person"], "room", (photo,), seed=1)
        if isinstance(ledger.admit(request), Refused):
            raise SystemExit("refused, although the settings of a chaos run allow everything")
    count = len(update["requests"])
    http.post(f"/taken/{update['from'] + count}")
    return count


def run(services: Services, stop: threading.Event) -> None:
    """Listen until `stop` is set."""
    with httpx.Client(base_url=os.environ["SUISAI_FAKE_URL"], timeout=5) as http:
        while not stop.is_set():
            try:
                count = take(services.ledger, http)
            except (RedisError, httpx.HTTPError):
                count = 0
            stop.wait(0.05 if count else 0.3)
