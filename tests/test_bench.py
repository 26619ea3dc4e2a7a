"""Every benchmark starts and describes what it measures. Tests do not check speed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = sorted(
    path.stem for path in (Path(__file__).parents[1] / "benchmarks").glob("[a-z]*.py")
)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_starts_and_describes_itself(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmark = import_module(f"benchmarks.{name}")
    monkeypatch.setattr("sys.argv", [name, "--help"])

    with pytest.raises(SystemExit) as ended:
        benchmark.main()

    assert ended.value.code == 0
    about = " ".join(str(benchmark.__doc__).split())
    assert about[:30] in " ".join(capsys.readouterr().out.split())
