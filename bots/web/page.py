"""GET /, /styles and /words: the chat page in the visitor's language, its styles, its hints."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from importlib.resources import files
from math import isfinite
from typing import Any

from babel import Locale
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bots import i18n
from bots.captions.parser import PaintOptions, parse
from bots.i18n import languages, t
from bots.web.sessions import keep_language, language_of, set_session_cookie
from bots.web.settings import WebSettings
from pipeline.styles import Style

_SLOT = re.compile(r"\{\{([a-z-]+)\}\}")
_SCRIPT_PHRASES = (
    "web-again",
    "web-after",
    "web-before",
    "web-cancel",
    "web-change",
    "web-change-example",
    "web-close",
    "web-compare",
    "web-download",
    "web-download-all",
    "web-forgotten",
    "web-hide",
    "web-no-photo",
    "web-offline",
    "web-open",
    "web-other-styles",
    "web-painting-of",
    "web-photo",
    "web-remove",
    "web-retry",
    "web-sending",
    "web-share",
    "web-softer",
    "web-stronger",
    "web-then",
    "web-too-heavy",
    "web-too-many",
    "web-upload-failed",
    "web-zoom",
)


class PageRenderer:
    """The chat page: one HTML file, filled in the visitor's language."""

    def __init__(
        self, settings: WebSettings, styles: Mapping[str, Style], takes_words: bool = False
    ) -> None:
        """`takes_words`: an instruction in a visitor's own words reaches a model."""
        self._html = files("bots.web").joinpath("static/index.html").read_text("utf-8")
        self._facts = {"count": settings.photos_max, "mb": settings.photo_mb_max}
        self._by_name, self._takes_words = styles, takes_words
        self._styles = sorted(styles.values(), key=lambda style: (style.order, style.name))

    async def show(self, request: Request) -> Response:
        """GET /: the page; sets a cookie on the first visit."""
        language = language_of(request)
        slots = {
            "language": language,
            "language-options": _options(language),
            "script-facts": self._script_facts(language),
        }
        html = _SLOT.sub(
            lambda slot: slots.get(slot[1]) or self._say(language, slot[1]), self._html
        )
        response = HTMLResponse(html, headers={"Cache-Control": "no-store"})
        set_session_cookie(request, response)
        keep_language(request, response)
        return response

    async def styles(self, request: Request) -> Response:
        """GET /styles: name, title, description and colours of every style."""
        return JSONResponse(self._described(language_of(request)))

    async def understood(self, request: Request) -> Response:
        """GET /words?words=&style=&strength=: what the bot understands of a person's own words."""
        language, query = language_of(request), request.query_params
        default = PaintOptions(query.get("style", ""), _share(query.get("strength", "")))
        if default.style not in self._by_name:
            default = replace(default, style=PaintOptions().style)
        words = query.get("words", "")
        options = parse(words, default, self._by_name)
        sentences = [
            i18n.understood(language, self._by_name[options.style], options.strength)
            if options.explicit
            else "",
            t(language, "not-understood") if options.words and not self._takes_words else "",
        ]
        return JSONResponse({"words": " ".join(filter(None, sentences))})

    def _say(self, language: str, key: str) -> str:
        return escape(t(language, key, **self._facts))

    def _described(self, language: str) -> list[dict[str, Any]]:
        return [
            {
                "name": style.name,
                "title": _in(style.title, language) or style.name,
                "about": _in(style.about, language),
                "colours": colours_of(style),
                "sample": _sample_of(style),
            }
            for style in self._styles
        ]

    def _script_facts(self, language: str) -> str:
        facts = {
            "words": {key: t(language, key, **self._facts) for key in _SCRIPT_PHRASES},
            "styles": self._described(language),
            "takes_words": self._takes_words,
            "photos_max": self._facts["count"],
            "photo_mb_max": self._facts["mb"],
        }
        # '<' must not end the script element that holds this.
        return json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c")


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = PaintOptions().strength
    return min(1.0, max(0.0, number)) if isfinite(number) else PaintOptions().strength


def colours_of(style: Style) -> list[str]:
    """Return the four colours of a style's swatch as `#rrggbb`, lightest first."""
    if style.palette.pigments:
        chosen = [*style.palette.pigments]
    elif style.sky.weight > 0:
        chosen = [style.sky.horizon, style.sky.top, style.palette.highlight, style.palette.shadow]
    else:
        chosen = [style.palette.highlight, style.palette.shadow, style.line.colour]
    lightest_first = sorted(chosen, key=_lightness, reverse=True)
    last = len(lightest_first) - 1
    return [lightest_first[round(step * last / 3)] for step in range(4)]


def _sample_of(style: Style) -> str | None:
    """Return the URL of a small painting in this style; None for a style added by the operator."""
    file = files("bots.web").joinpath(f"static/styles/{style.name}.webp")
    return f"/static/styles/{style.name}.webp" if file.is_file() else None


def _lightness(colour: str) -> int:
    red, green, blue = bytes.fromhex(colour[1:])
    return 2 * red + 5 * green + blue


def _in(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or words.get("en", "")


def _options(language: str) -> str:
    return "".join(
        f'<option value="{code}"{" selected" * (code == language)}>'
        f"{escape(Locale(code).get_display_name() or code)}</option>"
        for code in languages()
    )
