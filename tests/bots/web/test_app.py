from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from bots.i18n import languages, t
from bots.web.app import build_app
from bots.web.page import PageRenderer, colours_of
from bots.web.serve import CannotListen, run
from bots.web.settings import WebSettings
from pipeline.styles import Style, load_styles
from tasks.services import Services
from tests.bots.web.peers import ask


def test_the_page_opens_in_the_browsers_language(visitor: httpx.Client) -> None:
    for language in languages():
        page = visitor.get("/", headers={"Accept-Language": f"{language}-XX, de;q=0.1"}).text
        assert f'<html lang="{language}">' in page
        assert t(language, "web-paint") in page
        assert "{{" not in page


def test_a_chosen_language_on_the_page_is_kept(visitor: httpx.Client) -> None:
    visitor.get("/?language=hi", headers={"Accept-Language": "ja"})
    assert '<html lang="hi">' in visitor.get("/", headers={"Accept-Language": "ja"}).text
    assert (
        '<html lang="ja">'
        in visitor.get("/?language=xx", headers={"Cookie": "", "Accept-Language": "ja"}).text
    )


def test_the_page_needs_nothing_from_elsewhere(visitor: httpx.Client) -> None:
    page = visitor.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.findall(r'(?:src|href)="(?!/|#)', page.text) == []
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        assert visitor.get(path).status_code == 200


def test_the_cookie_is_for_this_page_alone(address: str) -> None:
    cookie = httpx.get(address).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_visitor_with_a_name_keeps_it(visitor: httpx.Client) -> None:
    assert "set-cookie" not in visitor.get("/").headers


def test_the_cookie_never_reaches_the_ledger(visitor: httpx.Client, services: Services) -> None:
    answer = visitor.post("/asks", data={"event": "no-cookie"}, files={"photo": ("x", b"y")})
    secret = visitor.cookies["suisai_person"]
    assert secret not in repr(services.ledger.job(answer.json()["id"]))


def test_no_style_can_end_the_element_that_holds_the_facts() -> None:
    style = Style("film", title={"en": "</script><script>alert(1)</script>"})
    page = PageRenderer(WebSettings(), {"film": style})
    html = asyncio.run(opened(Starlette(routes=[Route("/", page.show)])))
    facts = re.search(r'id="facts">(.*?)</script>', html, re.DOTALL)
    assert facts is not None
    assert json.loads(facts[1])["styles"][0]["title"] == style.title["en"]


async def opened(app: Starlette) -> str:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        return (await client.get("/")).text


def test_styles_are_listed_in_order_with_words_and_colours(visitor: httpx.Client) -> None:
    listed = visitor.get("/styles", headers={"Accept-Language": "ja"}).json()
    assert listed[0]["name"] == "film"
    assert listed[0]["title"] == load_styles()["film"].title["ja"]
    assert all(len(style["colours"]) == 4 for style in listed)


@pytest.mark.parametrize("style", load_styles().values(), ids=lambda style: style.name)
def test_every_style_has_a_colour_swatch(style: Style) -> None:
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours_of(style))


def test_the_page_says_that_it_is_well(visitor: httpx.Client) -> None:
    assert visitor.get("/healthz").json() == {"status": "ok"}


def test_an_unknown_path_is_answered_in_words(visitor: httpx.Client) -> None:
    answer = visitor.get("/nowhere")
    assert (answer.status_code, answer.json()["words"]) == (404, "I no longer have this one.")


def test_a_port_in_use_gives_one_sentence(services: Services) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"^Port {port} on 127.0.0.1 is taken: .*\.$"):
            run(services, "127.0.0.1", port, threading.Event())


@pytest.mark.parametrize(
    ("origin", "host", "taken"),
    [
        ("https://paint.example:8443", "paint.example", True),
        ("https://paint.example:8443", "127.0.0.1:8321", True),
        ("https://elsewhere.example", "paint.example", False),
        ("https://paint.example", "127.0.0.1:8321", False),
    ],
)
def test_a_proxy_may_hand_on_another_host_than_the_pages_own(
    services: Services, origin: str, host: str, taken: bool
) -> None:
    page = build_app(services, WebSettings(public_url="https://paint.example:8443"))  # type: ignore[arg-type] # pydantic parses
    headers = {"Origin": origin, "Host": host}

    assert (ask(page, "/me", method="DELETE", headers=headers).status_code != 403) == taken


def test_every_module_that_a_script_imports_is_there() -> None:
    folder = Path(str(files("bots.web").joinpath("static")))
    imported = {
        (script.name, name)
        for script in folder.glob("*.js")
        for name in re.findall(r'from "\./([^"]+)"', script.read_text())
    }

    assert imported
    assert [each for each in sorted(imported) if not (folder / each[1]).is_file()] == []
