"""The page in a real browser, as a visitor sees it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tasks.services import Services
from tests.bots.web.web_worker import WebWorker
from tests.photos import PHOTOS
from tests.stack import Stack, eventually

pytestmark = pytest.mark.browser

PHOTO = str(PHOTOS["cat"])
PATIENCE_MS = 20_000

DROP = """(base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], "cat.jpg", {type: "image/jpeg"}));
    const options = {dataTransfer: carried, bubbles: true, cancelable: true};
    document.getElementById("drop").dispatchEvent(new DragEvent("drop", options));
}"""
PASTE = """(base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], "cat.jpg", {type: "image/jpeg"}));
    document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: carried, bubbles: true}));
}"""


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page, opened by somebody who reads English."""
    with opened(browser, address) as page:
        yield page


@contextmanager
def opened(browser: Browser, address: str, **look: object) -> Iterator[Page]:
    """Open the page; what its scripts or its content policy complain about fails the test."""
    errors: list[str] = []

    def note(said: ConsoleMessage) -> None:
        # The browser itself writes such a line for every refusal, which is no error of the page.
        if said.type == "error" and not said.text.startswith("Failed to load resource"):
            errors.append(said.text)

    context = browser.new_context(**{"locale": "en-GB", **look})  # type: ignore[arg-type] # playwright checks
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", note)
    page.goto(address)
    yield page
    context.close()
    assert errors == []


def base64_of(photo: str) -> str:
    return base64.b64encode(Path(photo).read_bytes()).decode()


def work(page: Page, state: str) -> Locator:
    """Return the newest work, once it is in this state."""
    newest = page.locator(".work").first
    expect(newest).to_have_class(re.compile(rf"\b{state}\b"), timeout=PATIENCE_MS)
    return newest


def painting_in(work: Locator) -> Locator:
    return work.locator("img.after")


def has_loaded(image: Locator) -> bool:
    return bool(image.evaluate("(image) => image.complete && image.naturalWidth > 0"))


def test_a_photo_is_dropped_and_its_painting_seen(browser: Browser, stack: Stack) -> None:
    stack.start_workers()
    with opened(browser, stack.open_page()) as page:
        page.evaluate(DROP, base64_of(PHOTO))
        page.get_by_role("button", name="Paint it").click()
        painting = painting_in(work(page, "answered"))
        eventually(lambda: has_loaded(painting))
        size = painting.evaluate("(image) => [image.naturalWidth, image.naturalHeight]")
        photo = page.locator("img.before").evaluate("(i) => [i.naturalWidth, i.naturalHeight]")
        assert size[0] / size[1] == pytest.approx(photo[0] / photo[1], rel=0.01)


def test_a_photo_can_be_pasted(page: Page) -> None:
    page.evaluate(PASTE, base64_of(PHOTO))
    expect(page.locator(".chosen img")).to_have_count(1)


def test_the_line_moves_while_one_waits(page: Page, worker: WebWorker) -> None:
    send(page)
    words = work(page, "waiting").locator(".words")
    expect(words).to_have_text("Looking at your photo…")
    worker.fetch()
    expect(words).to_contain_text("Next in line")
    worker.begin_painting(0.42)
    expect(words).to_have_text("Painting… 42%")
    worker.end_painting()
    worker.deliver()
    expect(words).to_have_text("Here is your painting.")


def send(page: Page, photo: str = PHOTO) -> None:
    page.set_input_files("#photo", photo)
    page.get_by_role("button", name="Paint it").click()


def test_everything_can_be_done_with_the_keyboard(page: Page, services: Services) -> None:
    # The picker itself is the browser's own; from there on only keys are pressed.
    page.set_input_files("#photo", PHOTO)
    expect(page.get_by_role("button", name="Paint it")).to_be_focused()
    page.get_by_role("radio", name="Film").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(page.get_by_role("slider", name="Strength")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.keyboard.type("seed 7")
    page.keyboard.press("Enter")
    job = services.ledger.job(str(work(page, "waiting").get_attribute("data-job")))
    assert job.request.style == page.locator(".pot input").nth(1).get_attribute("value")
    assert (job.request.strength, job.request.seed) == (1.0, 7)


def test_photo_and_painting_are_compared_by_keys(page: Page, worker: WebWorker) -> None:
    painted(page, worker)
    slider = page.get_by_role("slider", name="Compare photo and painting")
    slider.focus()
    page.keyboard.press("Home")
    assert line_at(page) == 0
    page.keyboard.press("End")
    assert line_at(page) == 100


def line_at(page: Page) -> float:
    """Return the position of the line between photo and painting, in per cent of the width."""
    at = page.locator(".compare").evaluate("(frame) => frame.style.getPropertyValue('--at')")
    return float(str(at).removesuffix("%"))


def test_photo_and_painting_are_compared_by_dragging(page: Page, worker: WebWorker) -> None:
    painted(page, worker)
    box = page.locator(".compare").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=4)
    page.mouse.up()
    assert line_at(page) == pytest.approx(80, abs=2)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_painting_itself_is_under_the_pointer(page: Page, worker: WebWorker) -> None:
    # A right click or a long press is for the picture: copy it, save it, open it.
    painted(page, worker)
    box = page.locator(".compare").bounding_box()
    assert box is not None
    hit = "([x, y]) => document.elementFromPoint(x, y).className"
    for share in (0.1, 0.5, 0.9):
        at = [box["x"] + box["width"] * share, box["y"] + box["height"] / 2]
        assert page.locator("body").evaluate(f"(_, at) => ({hit})(at)", at) == "after"


def test_a_painting_is_seen_in_full_size(page: Page, worker: WebWorker) -> None:
    done = painted(page, worker)
    button = done.get_by_role("button", name="Full size")
    button.click()
    shown = page.get_by_role("dialog").locator("img")
    eventually(lambda: has_loaded(shown))
    shown.click()
    width = shown.evaluate("(image) => [image.clientWidth, image.naturalWidth]")
    assert width[0] == width[1]
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_an_album_shows_each_painting_in_its_own_shape(
    page: Page, worker: WebWorker, tmp_path: Path
) -> None:
    shapes = {"tall": (80, 200), "wide": (240, 80)}
    pictures = []
    for name, size in shapes.items():
        with Image.open(PHOTO) as photo:
            photo.convert("RGB").resize(size).save(tmp_path / f"{name}.jpg")
        pictures.append((tmp_path / f"{name}.jpg").read_bytes())
    page.set_input_files("#photo", [str(tmp_path / f"{name}.jpg") for name in shapes])
    page.get_by_role("button", name="Paint it").click()
    work(page, "waiting")
    worker.fetch()
    worker.begin_painting()
    worker.end_painting(*pictures)
    worker.deliver()
    done = work(page, "answered")
    for n, (width, height) in enumerate(shapes.values()):
        image = painting_in(done).nth(n)
        eventually(lambda image=image: has_loaded(image))  # type: ignore[misc]
        box = image.bounding_box()
        assert box is not None
        assert box["width"] / box["height"] == pytest.approx(width / height, rel=0.03)
    with page.expect_download() as download:
        done.get_by_role("link", name="Download all").click()
    assert download.value.suggested_filename.endswith(".zip")


def test_many_works_do_not_make_a_long_page(page: Page, worker: WebWorker) -> None:
    for n in range(6):
        send(page)
        expect(page.locator(".work")).to_have_count(n + 1)
        worker.paint(PHOTOS["cat"].read_bytes())
        work(page, "answered")
    folded = page.locator(".work.folded")
    expect(folded).to_have_count(4)
    height = folded.last.bounding_box()
    assert height is not None
    assert height["height"] < 260
    folded.last.get_by_role("button", name="Show this one in full").click()
    expect(folded).to_have_count(3)
    expect(page.locator(".work").last.get_by_role("button", name="Again")).to_be_visible()


def test_jobs_unknown_to_the_browser_are_still_shown(page: Page, worker: WebWorker) -> None:
    painted(page, worker)
    page.evaluate("() => { localStorage.clear(); }")
    page.reload()
    expect(work(page, "answered").get_by_role("link", name="Download")).to_be_visible()


def test_own_words_are_understood_before_anything_is_painted(page: Page) -> None:
    page.get_by_label("In your own words").fill("watercolor 80%")
    expect(page.locator("#understood")).to_have_text("Got it: Watercolour, 80%.")
    page.get_by_label("In your own words").fill("remove the dog")
    expect(page.locator("#understood")).to_have_text(
        "I paint in styles; I can't change what is in the photo."
    )


def test_a_pause_is_said_in_place_of_a_wait(
    page: Page, worker: WebWorker, services: Services
) -> None:
    services.controls.pause("render")
    send(page)
    words = work(page, "waiting").locator(".words")
    worker.fetch()
    expect(words).to_contain_text("paused at the moment")
    services.controls.resume("render")
    expect(words).to_contain_text("Next in line")


def test_the_focus_stays_and_a_painting_is_announced_once(page: Page, worker: WebWorker) -> None:
    page.set_input_files("#photo", PHOTO)
    paint = page.get_by_role("button", name="Paint it")
    paint.press("Enter")
    done = work(page, "waiting")
    expect(paint).to_be_focused()
    done.get_by_role("button", name="Cancel").focus()
    worker.paint(PHOTOS["cat"].read_bytes())
    work(page, "answered")
    expect(done.get_by_role("link", name="Download")).to_be_focused()
    expect(done.get_by_role("status")).to_have_text("Here is your painting.")
    page.reload()
    work(page, "answered")
    expect(page.locator(".work").get_by_role("status")).to_have_text("")


def painted(page: Page, worker: WebWorker) -> Locator:
    send(page)
    work(page, "waiting")
    worker.paint(PHOTOS["cat"].read_bytes())
    done = work(page, "answered")
    eventually(lambda: has_loaded(painting_in(done)))
    return done


def test_a_reload_finds_everything_again(page: Page, worker: WebWorker) -> None:
    painted(page, worker)
    send(page)
    work(page, "waiting")
    page.reload()
    expect(page.locator(".work")).to_have_count(2)
    work(page, "waiting")
    worker.paint(PHOTOS["cat"].read_bytes())
    work(page, "answered")
    expect(page.get_by_role("slider", name="Compare photo and painting")).to_have_count(2)


@pytest.mark.parametrize(
    ("button", "strength", "same_seed"),
    [("Stronger", 0.8, True), ("Softer", 0.4, True), ("Again", 0.6, False)],
)
def test_a_painting_can_be_repainted_with_other_options(
    page: Page, worker: WebWorker, services: Services, button: str, strength: float, same_seed: bool
) -> None:
    painted(page, worker).get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".work")).to_have_count(2)
    ask = services.ledger.job(str(page.locator(".work").first.get_attribute("data-job"))).request
    assert ask.strength == strength
    assert (ask.seed is None) == same_seed
    assert worker.fetch() == PHOTOS["cat"].read_bytes()


def test_a_painting_can_be_repainted_in_another_style(
    page: Page, worker: WebWorker, services: Services
) -> None:
    done = painted(page, worker)
    done.get_by_role("button", name="Another style").click()
    done.get_by_role("button", name="Night").click()
    expect(page.locator(".work")).to_have_count(2)
    job_id = str(page.locator(".work").first.get_attribute("data-job"))
    assert services.ledger.job(job_id).request.style == "night"


def test_a_painting_can_be_downloaded(page: Page, worker: WebWorker) -> None:
    done = painted(page, worker)
    with page.expect_download() as download:
        done.get_by_role("link", name="Download").click()
    assert re.fullmatch(r"suisai-film-\w{6}-1\.jpg", download.value.suggested_filename)


def test_an_apology_is_shown_on_the_page(page: Page, worker: WebWorker) -> None:
    send(page)
    work(page, "waiting")
    worker.refuse("too-small", limit_px=32)
    worker.deliver()
    expect(work(page, "failed").locator(".words")).to_contain_text("at least 32 pixels")


def test_a_refusal_is_shown_and_the_photo_is_kept(
    browser: Browser, address: str, services: Services
) -> None:
    services.controls.pause("intake", until=services.ledger.now() + 600)
    with opened(browser, address, locale="es-MX") as page:
        page.set_input_files("#photo", PHOTO)
        page.get_by_role("button", name="Pintar").click()
        expect(page.locator("#said")).to_contain_text("Vuelve en 10 minutos")
        expect(page.locator(".chosen img")).to_have_count(1)


def test_the_page_waits_for_a_short_time_and_retries(page: Page, services: Services) -> None:
    services.controls.pause("intake", until=services.ledger.now() + 2)
    send(page)
    expect(page.locator("#said")).to_contain_text("click again")
    work(page, "waiting")
    expect(page.locator("#said")).to_be_empty()


def test_a_refused_wish_is_said_at_the_painting(
    page: Page, worker: WebWorker, services: Services
) -> None:
    done = painted(page, worker)
    services.controls.pause("intake")
    done.get_by_role("button", name="Again", exact=True).click()
    expect(done.locator(".words")).to_contain_text("put the brushes down")
    expect(page.locator(".work")).to_have_count(1)


def test_cancel_ends_the_job_and_allows_a_retry(page: Page, worker: WebWorker) -> None:
    send(page)
    work(page, "waiting").get_by_role("button", name="Cancel").click()
    cancelled = work(page, "cancelled")
    assert worker.uploads() == []
    cancelled.get_by_role("button", name="Try again").click()
    expect(page.locator(".work")).to_have_count(2)
    cancelled = page.locator(".work.cancelled")
    cancelled.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator(".work")).to_have_count(1)


def test_deleting_my_data_asks_for_confirmation(
    page: Page, worker: WebWorker, services: Services
) -> None:
    painted(page, worker)
    page.get_by_role("button", name="Delete my data").click()
    expect(page.get_by_role("button", name="No, keep them")).to_be_focused()
    page.get_by_role("button", name="Yes, delete them").click()
    expect(page.locator("#said")).to_have_text("Done. All your data is deleted.")
    assert [*services.blobs.listing("")] == []
    page.reload()
    expect(page.locator(".pot").first).to_be_visible()
    expect(page.locator(".work")).to_have_count(0)


def test_the_language_is_picked_in_the_footer(page: Page) -> None:
    page.get_by_label("Language").select_option("ja")
    expect(page.get_by_role("button", name="描いてもらう")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_phone_needs_no_sideways_scrolling(
    browser: Browser, address: str, worker: WebWorker, scheme: str
) -> None:
    look = {"viewport": {"width": 360, "height": 640}, "color_scheme": scheme, "has_touch": True}
    with opened(browser, address, **look) as page:
        assert widest(page) <= 360
        done = painted(page, worker)
        done.get_by_role("button", name="Another style").click()
        assert widest(page) <= 360


def widest(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))
