"""What runs on one machine."""

from __future__ import annotations

import socket

import pytest

from bots.commands.run import programs
from tests.stack import Stack, eventually


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


def test_port_0_is_any_free_one_where_the_port_of_the_settings_is_taken(stack: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        stack.environment["SUISAI_WEB_PORT"] = str(taken.getsockname()[1])
        stack.start("web", "web", "--port", "0")

        eventually(lambda: "page ready" in stack.log("web"))
