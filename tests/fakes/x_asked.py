"""A request to the fake X, and X's refusal of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Asked:
    """One request as it was received."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    json: Any = None
    form: dict[str, Any] = field(default_factory=dict)
    billed_as: str = ""
    """What X charges for a success, if that does not follow from the request."""

    @property
    def name(self) -> str:
        """Method and path: 'POST /2/tweets'."""
        return f"{self.method} {self.path}"


class HttpRefusal(Exception):
    """An HTTP error of X."""

    def __init__(self, status: int, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.status = status
        self.body: Json = {"title": "Error", "detail": detail, "type": "about:blank", **more}
