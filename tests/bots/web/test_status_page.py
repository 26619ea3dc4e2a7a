"""The operator's page in a real browser, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tasks.models import PaintRequest
from tasks.services import Services
from tests.stack import Stack

pytestmark = pytest.mark.browser

PATIENCE_MS = 20_000


@pytest.fixture
def status(stack: Stack) -> str:
    """The URL of the status page of a bot with all workers running."""
    stack.start_workers()
    return stack.operator_link(stack.open_page())


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A browser the size of a phone; at the end, no console errors."""
    page = browser.new_page(viewport={"width": 375, "height": 760})
    page.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert complaints == []


def test_the_operator_sees_the_state_and_pauses_a_stage(
    status: str, phone: Page, services: Services
) -> None:
    phone.goto(status)
    mood = phone.locator("#mood")
    expect(mood).to_have_text("All is well.", timeout=PATIENCE_MS)

    phone.locator("[data-switch=render]").click()
    expect(phone.get_by_text("Pause render until you resume it?")).to_be_visible()
    phone.get_by_role("button", name="Cancel").click()
    assert services.controls.paused() == {}

    phone.locator("[data-switch=render]").click()
    phone.locator("#yes").click()
    expect(mood).to_have_text("Paused: render.", timeout=PATIENCE_MS)
    assert services.controls.paused() == {"render": 0.0}

    phone.locator("[data-switch=render]").click()
    phone.locator("#yes").click()
    expect(mood).to_have_text("All is well.", timeout=PATIENCE_MS)
    assert services.controls.paused() == {}


def test_everything_fits_a_phone(
    status: str, phone: Page, services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    services.controls.pause("fetch")
    services.controls.pause("deliver", "telegram")
    for person in range(12):
        services.ledger.admit(make_request(person=str(person)))
    services.ledger.move_to_dead(
        getattr(services.ledger.admit(make_request()), "job_id", ""), "corrupt-record"
    )

    phone.goto(status)

    expect(phone.locator("#failures summary")).to_contain_text("web: corrupt-record")
    phone.locator("#failures summary").click()
    expect(phone.locator("#failures")).to_contain_text("admitted")
    expect(phone.locator(".stage.paused")).to_contain_text("12")
    wide = phone.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{wide} px stick out"


def test_a_missing_worker_is_reported(status: str, phone: Page, stack: Stack) -> None:
    phone.goto(status)
    expect(phone.locator("#mood")).to_have_text("All is well.", timeout=PATIENCE_MS)

    stack.kill("sweep")

    expect(phone.locator("#mood")).to_contain_text("No sweep process", timeout=30_000)
