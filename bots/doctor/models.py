"""The diffusion model: whether it fits this GPU and is on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from bots.doctor.report import Finding, failure, passed, warning
from pipeline.gpu import Gpu, gpus_here
from pipeline.models import ModelUnknown
from pipeline.models.selection import NothingFits, choose_model
from pipeline.models.weight_files import missing_parts
from tasks.engines import models_folder
from tasks.settings import Settings

_MIB = 1 << 20


def check_models(settings: Settings) -> Iterator[Finding]:
    """Check what the diffusion engine needs, if it is wanted and there is a GPU."""
    if settings.engine == "painter":
        yield passed("engine", "the painter, as SUISAI_ENGINE says")
        return
    for gpu in gpus_here():
        yield _model(settings, gpu)
        if find_spec("torch") is None:
            yield warning("engine", "torch is not installed", "python -m pip install 'suisai[gpu]'")


def _model(settings: Settings, gpu: Gpu) -> Finding:
    try:
        model, why = choose_model(settings.model, gpu.free_mib * _MIB)
    except (NothingFits, ModelUnknown) as error:
        light = failure if settings.engine == "diffusion" else warning
        return light("model", str(error), "set SUISAI_MODEL, or free GPU memory")
    missing = missing_parts(model, models_folder(settings))
    if missing:
        return warning(
            "model",
            f"{model.name} would run here, but is not downloaded",
            f"suisai models pull {model.name}",
        )
    return passed("model", f"{model.name}: {why}")
