"""The script that measures a card runs, from the model's files to the table, with a tiny model."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.gpu import RECIPES, Figure, RecipeReport, main, run, table

torch = pytest.importorskip("torch", reason="needs the extra `gpu`")

# Torch alone takes many seconds to import on a busy machine.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_the_table_has_a_row_for_every_size_and_batch_of_every_recipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.md"

    main(["--smoke", "--out", str(out)])

    text = out.read_text("utf-8")
    assert text in capsys.readouterr().out
    rows = [line for line in text.splitlines() if line.startswith("| flux2-klein")]
    measured = [row for row in rows if " | - | - | " in row]
    starts = [row for row in rows if row not in measured]
    assert "Measured on: CPU" in text
    assert len(measured) == len(RECIPES) * 2
    assert [row.split("|")[2].strip() for row in starts] == ["first", "with kept kernels", "first"]
    assert "Left out" not in text


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a card")
def test_a_machine_without_a_card_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--out", str(tmp_path / "table.md")])

    assert "there is no GPU" in capsys.readouterr().out
    assert not (tmp_path / "table.md").exists()


def test_what_the_budget_does_not_allow_is_named() -> None:
    reports = list(run(smoke=True, ends_at=time.time() + 0.5))

    assert reports[0].figures == ()
    text = table(reports)
    assert "flux2-klein, 32 px, batch 2: the budget was used up" in text
    assert "flux2-klein-8gb: the budget was used up" in text


def test_a_recipe_that_failed_does_not_hide_the_others() -> None:
    figure = Figure(512, 1, 81.4, 0.5, 0.03, 9.25)
    good = RecipeReport("flux2-klein", "A card", 12.0, 700.0, 9.0, 70.0, 8, (figure,))
    failed = RecipeReport("flux2-klein-8gb", "", 0, 0, 0, 0, 0, (), ("failed: no room",))

    text = table([failed, good])

    assert "Measured on: A card" in text
    assert "| flux2-klein | 512 | 1 | 81 | 50% | 3% | 9.2 | 12 |" in text
    assert "Left out: flux2-klein-8gb, failed: no room." in text
