"""The programs of `suisai up`."""

from __future__ import annotations

import socket

from bots.commands.run import programs
from tests.stack import Stack, eventually


def test_one_worker_paints_where_there_is_no_gpu() -> None:
    painting = [each.arguments for each in programs() if "gpu" in each.arguments]

    assert painting == [("worker", "gpu")]


def test_every_gpu_has_a_worker_of_its_own_with_its_model() -> None:
    models = ("flux2-klein", "qwen-edit", "flux2-klein")
    painting = [each for each in programs(models=models) if "gpu" in each.arguments]

    assert [each.name for each in painting] == ["gpu", "gpu-1", "gpu-2"]
    assert [each.arguments[2:] for each in painting] == [
        ("--model", "flux2-klein"),
        ("--device", "cuda:1", "--model", "qwen-edit"),
        ("--device", "cuda:2", "--model", "flux2-klein"),
    ]


def test_port_0_is_any_free_one_where_the_port_of_the_settings_is_taken(stack: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        stack.environment["SUISAI_WEB_PORT"] = str(taken.getsockname()[1])
        stack.start("web", "web", "--port", "0")

        eventually(lambda: "page ready" in stack.log("web"))
