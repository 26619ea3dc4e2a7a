"""The model's text encoder, kept open for prompts that are not cached."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from pipeline.engines.diffusion.device import Device
from pipeline.engines.diffusion.errors import is_out_of_memory
from pipeline.engines.diffusion.family import PromptEmbeds
from pipeline.engines.diffusion.loading import open_text_encoder
from pipeline.models import GIB, Model

MARGIN = 1.1
"""Memory of a text encoder in use, as a multiple of the size of its weights."""

Prompt = tuple[str, str]
"""The prompt and the negative prompt."""


class TextEncoder:
    """Encodes prompts on the GPU if it fits beside the model, else on the CPU in a separate thread.

    On the CPU it works while the GPU paints. On the GPU the caller must hold the device.
    """

    def __init__(
        self, model: Model, models: Path, device: Device, beside_model: bool = False
    ) -> None:
        """Open the text encoder, before the model is opened. Raises `EngineUnusable`.

        With `beside_model` it stays open, and uses the GPU only if both fit.
        """
        self._model = model
        self._models = models
        self._device = device
        self._threads = ThreadPoolExecutor(1, "text-encoder")
        self._open(device.name if self._fits(beside_model) else "cpu")

    @property
    def on_device(self) -> bool:
        """Return whether it shares the device that paints."""
        return self._place != "cpu"

    def encode(self, prompts: Iterable[Prompt]) -> dict[Prompt, PromptEmbeds]:
        """Return the embeddings of prompts, one row each, in the host's memory.

        Moves to the CPU permanently if the device runs out of memory.
        """
        wanted = list(prompts)
        if self.on_device:
            try:
                with self._device.entered():
                    return self._encode(wanted)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
            self.leave_device()
        return self._threads.submit(self._encode, wanted).result()

    def leave_device(self) -> None:
        """Work on the CPU from now on."""
        self.close()
        self._open("cpu")

    def close(self) -> None:
        """Release the memory of the weights."""
        del self._encoder
        gc.collect()  # the library's objects refer to each other
        self._device.tidy()

    def _fits(self, beside_model: bool) -> bool:
        free = self._device.free_bytes()
        needed = self._model.text_encoder_gib * MARGIN
        if beside_model:
            needed += self._model.memory_gib
        return free is not None and free > needed * GIB

    def _open(self, place: str) -> None:
        self._place = place
        self._encoder = open_text_encoder(self._model, self._models, place)

    def _encode(self, prompts: Iterable[Prompt]) -> dict[Prompt, PromptEmbeds]:
        with torch.no_grad():
            return {
                each: self._on_host(self._encoder.encode_prompt(*each, photo=None))
                for each in prompts
            }

    @staticmethod
    def _on_host(embeds: PromptEmbeds) -> PromptEmbeds:
        return {name: tensor.contiguous().cpu() for name, tensor in embeds.items()}
