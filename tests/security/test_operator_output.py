"""What people and platforms wrote is shown to operators as text, never taken for markup."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bots.commands.admin import _print_job
from tasks.models import Admitted, PaintRequest
from tasks.services import Services


def test_a_job_is_shown_whatever_its_person_is_called(
    services: Services,
    make_request: Callable[..., PaintRequest],
    capsys: pytest.CaptureFixture[str],
) -> None:
    admitted = services.ledger.admit(make_request(person="[/bold][link=https://evil.example]x"))
    assert isinstance(admitted, Admitted)
    _print_job(services, admitted.job_id)
    assert "[/bold][link=https://evil.example]x" in capsys.readouterr().out
