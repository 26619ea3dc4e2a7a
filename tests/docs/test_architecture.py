"""The documents name files that exist; the page on the architecture names the ledger's keys and methods."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.ledger.ledger import Ledger
from tasks.ledger.transitions import JobTransitions
from tasks.models import PaintRequest, PhotoRef, Stage
from tasks.services import Services
from tests.docs.commands import PAGES, ROOT
from tests.tasks.ledger_driver import LedgerDriver

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
_PATH = re.compile(r"`((?:bots|tasks|pipeline|tests|benchmarks|tools|docs)/[\w./<>*-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = set(_PATH.findall(page.read_text("utf-8")))
    missing = [path for path in named if not any(ROOT.glob(re.sub(r"<\w+>|NAME|CODE", "*", path)))]

    assert missing == []


def test_every_transition_is_a_method_of_the_ledger() -> None:
    table = PAGE.partition("### Transitions")[2].partition("###")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)

    assert len(named) > 15
    assert [
        name for name in named if not hasattr(Ledger, name) and not hasattr(JobTransitions, name)
    ] == []


def rows() -> list[tuple[list[str], list[str]]]:
    """Return names and types of each row of the table of keys."""
    table = PAGE.partition("## Redis keys")[2].partition("Fields of")[0]
    found = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", table, re.MULTILINE)
    return [(re.findall(r"`([^`]+)`", names), types.split(", ")) for names, types in found]


def described(key: str) -> str | None:
    """Return the type that the table gives a key, None for a key that it leaves out."""
    for names, types in rows():
        for number, name in enumerate(names):
            pattern = re.sub(r"<[^>]+>", "[^:]+", name).replace("...", ".*")
            if re.fullmatch(pattern, key):
                return types[min(number, len(types) - 1)].strip()
    return None


def test_every_key_of_a_ledger_in_use_is_in_the_table_with_its_type(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    driver = LedgerDriver(services)
    for event in ("first", "second", "third", "fourth", "fifth"):
        driver.admit(make_request(event, person=event, photos=(PhotoRef("photo", owner="owner"),)))
    driver.fetch(paint_key="same")
    driver.fetch(paint_key="same")
    driver.paint()
    driver.deliver()
    driver.ledger.transitions.fail(driver.take(Stage.FETCH), "broken", 3)
    driver.ledger.transitions.fail(driver.take(Stage.FETCH), "broken", 1)
    driver.take(Stage.FETCH)
    driver.ledger.update_overload_level()
    namespace = services.settings.namespace
    keys = list(services.redis.scan_iter(f"{namespace}:*"))
    types = {key: services.redis.type(key) for key in keys}

    assert len(keys) > 20
    wrong = {
        key: kind
        for key, kind in types.items()
        if described(key.removeprefix(f"{namespace}:")) not in (kind, "any")
    }
    assert wrong == {}


def test_every_field_of_a_record_is_named(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    driver = LedgerDriver(services)
    job_id = driver.admit(make_request())
    driver.ledger.set_platform_data(job_id, placeholder="1")
    driver.whole()
    fields = services.redis.hkeys(f"{services.settings.namespace}:job:{job_id}")
    plain = {field for field in fields if field[0] != "@" and field[:2] != "m:"}
    listed = set(re.findall(r"`(\w+)`", PAGE.partition("Fields of")[2].partition("\n## ")[0]))

    assert plain - listed == set()
