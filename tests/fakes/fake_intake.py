"""The listening process of the fake platform: asks go into the ledger before they count as taken."""

from __future__ import annotations

import os
import time

import httpx
from redis.exceptions import RedisError

from tasks.app import make_app, make_wake
from tasks.contract import Ask, PhotoRef, Refused
from tasks.house import StoreUnreachable, open_services
from tasks.ledger import Ledger
from tasks.settings import Settings


def take(ledger: Ledger, http: httpx.Client) -> int:
    """Take the next asks in; return how many there were."""
    update = http.get("/updates").json()
    for ask in update["asks"]:
        photo = PhotoRef(ask["photo"])
        wish = Ask("fake", ask["event"], ask["person"], "room", (photo,), seed=1)
        if isinstance(ledger.admit(wish), Refused):
            raise SystemExit("refused, which the settings of the battlefield rule out")
    count = len(update["asks"])
    http.post(f"/taken/{update['from'] + count}")
    return count


def main() -> None:
    """Listen until killed."""
    settings = Settings()
    services = open_services(settings, make_wake(make_app(settings)))
    with httpx.Client(base_url=os.environ["SUISAI_FAKE_URL"], timeout=5) as http:
        while True:
            try:
                count = take(services.ledger, http)
            except (RedisError, httpx.HTTPError):
                count = 0
            time.sleep(0.05 if count else 0.3)


if __name__ == "__main__":
    try:
        main()
    except StoreUnreachable as error:
        raise SystemExit(str(error)) from error
