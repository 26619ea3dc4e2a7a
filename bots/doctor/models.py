"""The diffusion model: does it fit this GPU, and is it on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from bots.doctor.findings import Finding, green, red, yellow
from bots.doctor.machine import Gpu, gpus_here
from pipeline.models import ModelUnknown
from pipeline.models.choice import NothingFits, choose_model
from pipeline.models.presence import missing_parts
from tasks.settings import Settings
from tasks.studio import models_folder

_MIB = 1 << 20


def check_models(settings: Settings) -> Iterator[Finding]:
    """Look at what the diffusion engine needs, where it is wanted and there is a GPU."""
    if settings.engine == "painter":
        yield green("engine", "the painter, as SUISAI_ENGINE says")
        return
    for gpu in gpus_here():
        yield _model(settings, gpu)
        if find_spec("torch") is None:
            yield yellow("engine", "torch is not installed", "python -m pip install 'suisai[gpu]'")


def _model(settings: Settings, gpu: Gpu) -> Finding:
    try:
        model, why = choose_model(settings.model, gpu.free_mib * _MIB)
    except (NothingFits, ModelUnknown) as error:
        light = red if settings.engine == "diffusion" else yellow
        return light("model", str(error), "set SUISAI_MODEL, or free GPU memory")
    missing = missing_parts(model, models_folder(settings))
    if missing:
        return yellow(
            "model",
            f"{model.name} would run here, but is not downloaded",
            f"suisai models pull {model.name}",
        )
    return green("model", f"{model.name}: {why}")
