"""Every tensor of a call lies on the device that paints, shown without one: torch's `meta` device.

Its tensors have a shape and no contents, and torch refuses to mix them with tensors on the host.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.engines.diffusion.conftest import tiny_model

torch = pytest.importorskip("torch", reason="needs the extra `gpu`")

SIDE = 64
WORDS: dict[str, dict[str, tuple[int, ...]]] = {
    "flux2-klein": {"prompt": (64, 48), "places": (64, 4)},
    "kontext": {"prompt": (64, 16), "pooled": (16,)},
    "ghibli-sd15": {"prompt": (77, 16), "negative": (77, 16)},
    "qwen-edit": {"prompt": (12, 16)},
}


def opened(name: str, models: Path) -> Any:
    """Return the family with all of its networks on the device without contents."""
    from pipeline.engines.diffusion.families.qwen_edit import QwenEdit
    from pipeline.engines.diffusion.loading import open_painter
    from tests.pipeline.engines.diffusion.tiny import tiny_qwen_edit

    model = tiny_model(name)
    if name == "qwen-edit":
        family: Any = QwenEdit(tiny_qwen_edit(), model)
    else:
        family = open_painter(model, models, "cpu")
    for part in family.pipe.components.values():
        if isinstance(part, torch.nn.Module):
            part.to("meta")
    return family


@pytest.mark.parametrize("name", WORDS)
def test_no_step_mixes_the_devices_tensors_with_the_hosts(
    name: str, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.engines.diffusion.family import StepInputs

    def edges(_: Any) -> Any:
        return torch.zeros(3, SIDE, SIDE)

    monkeypatch.setattr("pipeline.engines.diffusion.families.sd15._edges_of", edges)
    family = opened(name, models)
    words = {key: torch.empty(2, *shape, device="meta") for key, shape in WORDS[name].items()}

    with torch.no_grad():
        reference = family.encode(torch.empty(2, 3, SIDE, SIDE, device="meta"))
        times = family.times([1.0, 0.7], 2, reference).to("meta")
        noise = torch.empty(reference.latents.shape, device="meta")
        latents = family.start(reference, noise, times[:, 0])
        brief = StepInputs(reference, words, torch.empty(2, device="meta"))
        latents = family.step(latents, brief, times[:, 0], times[:, 1])
        pictures = family.decode(latents)

    assert pictures.device.type == "meta"
    assert pictures.shape == (2, 3, SIDE, SIDE)
