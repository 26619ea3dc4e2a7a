"""Parses PLATFORM:PERSON as operators type it, and rejects ids that the platform cannot have."""

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
"""The form of each platform's ids: a pattern, and a description of it."""
_ANY = r"\S{1,200}"


class UnknownPerson(UserFacingError):
    """The word is not a valid person; the message says what to write instead."""


def read_person(word: str, platform: str | None = None) -> tuple[str, str]:
    """Return platform and person of `PLATFORM:PERSON`, or of a bare `PERSON` of this platform.

    Raises `UnknownPerson`.
    """
    name, colon, person = word.partition(":")
    if not colon and platform is not None:
        name, person = platform, word
    if not name or not person:
        raise UnknownPerson(
            f"'{word}' is not a person; write PLATFORM:PERSON, e.g. telegram:4711. "
            "`suisai people JOB` shows who requested a job."
        )
    installed = platform_names()
    if name not in installed:
        raise UnknownPerson(f"There is no platform '{name}'; there are: {', '.join(installed)}.")
    pattern, form = FORMS.get(name, (_ANY, "one word"))
    if not re.fullmatch(pattern, person):
        raise UnknownPerson(
            f"'{word}' is not a person: an id of {name} is {form}. "
            "`suisai people JOB` shows who requested a job."
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
