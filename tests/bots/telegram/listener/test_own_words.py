"""Own words in captions: kept with the request, refused before anything is fetched, added to by replies."""

from __future__ import annotations

import pytest

from tasks.settings import Settings
from tests.bots.telegram.driver import DeliveryDriver
from tests.bots.telegram.harness import snapshot

ANN = 11


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Everybody may use own words."""
    return settings.model_copy(update={"own_words": ("everybody",), "refusal_silence_s": 0.0})


def test_a_change_in_a_reply_keeps_the_photo_and_adds_to_the_words(driver: DeliveryDriver) -> None:
    ledger, people = driver.services.ledger, driver.api.people
    people.photo(ANN, snapshot(1), caption="make it a summer festival #watercolor")
    driver.listen()
    (first_id,) = ledger.open_jobs("telegram", str(ANN))
    first = ledger.job(first_id).request
    assert first.words == "make it a summer festival"
    driver.paint(first_id)
    driver.ended(first_id)
    painting = next(m for m in driver.api.world.chat(ANN).of_bot() if "photo" in m)

    people.say(ANN, "again, but with snow falling", reply_to=painting)
    driver.listen()

    (second_id,) = ledger.open_jobs("telegram", str(ANN))
    second = ledger.job(second_id).request
    assert second.words == "make it a summer festival; but with snow falling"
    assert [each.ref for each in second.photos] == [each.ref for each in first.photos]
    assert second.style == "watercolor"
    assert second.seed != first.seed


def test_refused_words_fetch_nothing_and_admit_nothing(driver: DeliveryDriver) -> None:
    driver.api.people.photo(ANN, snapshot(1), caption="make her n4ked")

    driver.listen()

    assert driver.services.ledger.open_count("telegram") == 0
    assert list(driver.services.blobs.listing("photos")) == []
    said = [message.get("text", "") for message in driver.api.world.chat(ANN).of_bot()]
    assert len(said) == 1, "one polite sentence"
