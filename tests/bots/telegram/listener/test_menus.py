"""Menus are retried until they are set; what a server refuses permanently is skipped."""

from __future__ import annotations

import asyncio

from bots.telegram.client import open_bot
from bots.telegram.listener.menus import show_menus
from bots.telegram.settings import TelegramSettings
from tests.bots.telegram.driver import DeliveryDriver
from tests.fakes.telegram_faults import CallFault


def show(driver: DeliveryDriver) -> None:
    """Set the menus as the listener does, without its pauses between the tries."""

    async def run() -> None:
        async with open_bot(TelegramSettings()) as bot:
            notebook = driver.services.kv("telegram")
            await show_menus(bot, notebook, pauses_s=(0.0,), gap_s=0.0)

    asyncio.run(run())


def test_what_failed_is_set_again_and_only_that(driver: DeliveryDriver) -> None:
    for fault in (
        CallFault("setMyCommands", status=502),
        CallFault("setMyCommands", cut=True),
        CallFault("setMyCommands", status=429, parameters={"retry_after": 1}),
        CallFault("setMyDescription", status=500),
    ):
        driver.api.faults.add(fault)

    show(driver)

    world = driver.api.world
    languages = {language for _, language in world.texts}
    assert languages == {"", "hi", "ja", "es", "pt", "id"}
    assert len(world.menus) == 3 * len(languages)
    assert len(world.texts) == 2 * len(languages)
    assert len(driver.api.made("setMyCommands")) == 3 * len(languages) + 2, "one was cut"
    before = len(driver.api.calls)
    show(driver)
    assert len(driver.api.calls) == before + 1, "only getMe"


def test_a_method_that_a_server_does_not_know_is_not_asked_for_again(
    driver: DeliveryDriver,
) -> None:
    driver.api.faults.add(CallFault("setMyCommands", 1_000, 404, "There is no such thing here"))

    show(driver)

    languages = {language for _, language in driver.api.world.texts}
    assert len(driver.api.made("setMyCommands")) == 3 * len(languages)
