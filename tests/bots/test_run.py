"""What runs on one machine."""

from __future__ import annotations

import pytest

from bots.commands.run import programs


@pytest.mark.parametrize("gpus", [0, 1])
def test_one_worker_paints_where_there_is_one_gpu_or_none(gpus: int) -> None:
    painting = [each.arguments for each in programs(gpus=gpus) if "gpu" in each.arguments]

    assert painting == [("worker", "gpu")]


def test_every_gpu_has_a_worker_of_its_own() -> None:
    painting = [each for each in programs(gpus=3) if "gpu" in each.arguments]

    assert [each.name for each in painting] == ["gpu", "gpu-1", "gpu-2"]
    assert [each.arguments[2:] for each in painting] == [
        (),
        ("--device", "cuda:1"),
        ("--device", "cuda:2"),
    ]
