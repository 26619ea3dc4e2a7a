"""The listening process of the fake platform: asks go into the ledger before they count as taken."""

from __future__ import annotations

import os
import threading

import httpx
from redis.exceptions import RedisError

from bots.plugins import Adapter
from tasks.ledger.ledger import Ledger
from tasks.models import PaintRequest, PhotoRef, Refused
from tasks.services import Services


def take(ledger: Ledger, http: httpx.Client) -> int:
    """Take the next asks in; return how many there were."""
    update = http.get("/updates").json()
    for ask in update["asks"]:
        photo = PhotoRef(ask["photo"])
        wish = PaintRequest("fake", ask["event"], ask["person"], "room", (photo,), seed=1)
        if isinstance(ledger.admit(wish), Refused):
            raise SystemExit("refused, which the settings of the battlefield rule out")
    count = len(update["asks"])
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


ADAPTER = Adapter(run, lambda: True)
