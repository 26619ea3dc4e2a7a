"""PLATFORM:PERSON, as an operator types it: checked, so that no slip passes for a person."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.errors import UserFacingError
from tasks.platform import platform_names, platform_plugins

FORMS: Mapping[str, tuple[str, str]] = {
    "telegram": (r"-?[0-9]{1,20}", "a number, e.g. telegram:4711, never an @name"),
    "x": (r"[0-9]{1,20}", "a number, e.g. x:4711, never an @name"),
    "x-dm": (r"[0-9]{1,20}", "a number, e.g. x-dm:4711, never an @name"),
    "web": (r"[0-9a-f]{24}", "24 digits of 0-9 and a-f"),
}
"""How each platform names people: a pattern, and the same in words."""
_ANY = r"\S{1,200}"


class UnknownPerson(UserFacingError):
    """The word names nobody; the message says what to write instead."""


def read_person(word: str, platform: str | None = None) -> tuple[str, str]:
    """Return platform and person of `PLATFORM:PERSON`, or of a bare `PERSON` of this platform.

    Raises `UnknownPerson`.
    """
    name, colon, person = word.partition(":")
    if not colon and platform is not None:
        name, person = platform, word
    if not name or not person:
        raise UnknownPerson(
            f"'{word}' names no person; write PLATFORM:PERSON, e.g. telegram:4711. "
            "`suisai people JOB` tells who asked for a job."
        )
    installed = platform_names()
    if name not in installed:
        raise UnknownPerson(f"There is no platform '{name}'; there are: {', '.join(installed)}.")
    pattern, form = FORMS.get(name, (_ANY, "one word"))
    if not re.fullmatch(pattern, person):
        raise UnknownPerson(
            f"'{word}' names no person: {name} knows people by {form}. "
            "`suisai people JOB` tells who asked for a job."
        )
    return name, person


def names_of_people(platform: str) -> tuple[str, ...]:
    """Return the platforms that know the same people by the same ids: those of one plugin.

    Who is banned or forgotten as `x:4711` is so as `x-dm:4711`, too.
    """
    for plugin in platform_plugins().values():
        if platform in plugin.names:
            return tuple(sorted(plugin.names, key=lambda name: name != platform))
    return (platform,)
