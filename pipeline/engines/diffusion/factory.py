"""Creates the engine for a configured model (`auto` or a name), or explains what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ctypes import CDLL
from importlib.util import find_spec

from pipeline.engines.diffusion.engine import DiffusionEngine
from pipeline.engines.diffusion.options import NO_GPU, Options
from pipeline.errors import EngineUnusable
from pipeline.models import ModelUnknown
from pipeline.models.selection import NothingFits, choose_model, missing_parts
from pipeline.styles import Style

DRIVERS = ("libcuda.so.1", "nvcuda.dll", "libamdhip64.so")
"""Driver libraries: NVIDIA's on Linux and Windows, and AMD's, which torch uses in the same way."""

NEEDED = ("torch", "diffusers", "transformers", "safetensors")


def start_engine(
    model: str, styles: Iterable[Style], options: Options, tell: Callable[[str], None]
) -> DiffusionEngine:
    """Return an engine for this model that can be warmed up. Raises `EngineUnusable`.

    Queries the device: must be called in the process that paints. `tell` is called with the model and why.
    """
    try:
        chosen, why = choose_model(model, free_memory(options.device))
    except (ModelUnknown, NothingFits) as error:
        raise EngineUnusable(str(error)) from error
    if missing_parts(chosen, options.models):
        raise EngineUnusable(
            f"The model {chosen.name} is selected ({why}), but its files are not in {options.models}:"
            f" run `suisai models pull {chosen.name}`."
        )
    tell(f"{chosen.name}: {why}")
    return DiffusionEngine(chosen, styles, options)


def free_memory(device: str) -> int:
    """Return the bytes that are free on a GPU, 0 for `cpu`. Raises `EngineUnusable` where there is none."""
    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent:
        raise EngineUnusable(
            f"The diffusion engine needs {absent[0]}: install it with `pip install suisai[gpu]`."
        )
    if device != "cpu" and not has_driver():
        raise EngineUnusable(NO_GPU)
    from pipeline.engines.diffusion.device import open_device

    free = open_device(device).free_bytes()
    return free if free is not None else 0


def has_driver() -> bool:
    """Return whether a GPU's driver is installed, without importing torch, which takes seconds."""
    for library in DRIVERS:
        try:
            CDLL(library)
        except OSError:
            continue
        return True
    return False
