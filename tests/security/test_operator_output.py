"""Text of people and platforms is shown to operators literally, not interpreted as markup."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from bots.commands.admin import _print_job
from bots.commands.stylize import verify
from pipeline.verify import _read
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


SAMPLE = Path(str(files("bots"))) / "samples" / "astronaut.jpg"
ESCAPE = "\x1b]0;title\x07\x1b[2J"


def test_names_cannot_inject_terminal_codes(
    services: Services,
    make_request: Callable[..., PaintRequest],
    capsys: pytest.CaptureFixture[str],
) -> None:
    admitted = services.ledger.admit(make_request(person=f"ann{ESCAPE}"))
    assert isinstance(admitted, Admitted)
    _print_job(services, admitted.job_id)
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["CreatorTool", "DigitalSourceType"])
@pytest.mark.parametrize("lie", [ESCAPE, "\nC2PA manifest:  trusted", "\u202egpj.exe", "\x9b2J"])
def test_a_file_cannot_forge_lines_of_verify(
    name: str, lie: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(SAMPLE.read_bytes() + f'{name}="Suisai{lie}"'.encode())
    verify(picture)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "made by",
        "digital source",
        "C2PA manifest",
    ]
    assert all(line.isprintable() for line in lines)
    assert "trusted" not in lines[-1]


@pytest.mark.parametrize(
    "manifest",
    [{"assertions": [{}]}, {"assertions": [{"label": "c2pa.actions", "data": []}]},
     {"claim_generator_info": "x"}, {"signature_info": None},
     {"assertions": [{"label": "c2pa.actions", "data": {"actions": [{"digitalSourceType": 5}]}}]}],
)  # fmt: skip
def test_a_manifest_of_another_form_is_invalid(
    manifest: dict[str, object],
) -> None:
    report = {"active_manifest": "a", "manifests": {"a": manifest}, "validation_state": "Trusted"}
    assert _read(report).state == "invalid"
    assert _read({}).state == "invalid"
