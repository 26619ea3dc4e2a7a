"""The styles' words, read once and kept: a fixed catalogue needs its text encoder only the first time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from pipeline.engines.diffusion.family import Words
from pipeline.models import Model
from pipeline.styles import Style

Read = Callable[[str, str], Words]
"""Turns a prompt and a negative prompt into words."""


def prompts_of(style: Style, model: Model) -> tuple[str, str]:
    """Return what the model is told to paint and, where it listens to that, what not to paint."""
    negative = ", ".join(filter(None, (model.negative_prompt, style.diffusion.negative_prompt)))
    return model.prompt.replace("{style}", style.diffusion.prompt), negative


class PromptCache:
    """Words on disk, one file per model and prompt; safe to delete, shared by workers."""

    def __init__(self, folder: Path, model: Model, device: str) -> None:
        self._folder = folder
        self._model = model
        self._device = device
        self._read: dict[str, Words] = {}

    def missing(self, styles: Iterable[Style]) -> list[Style]:
        """Return the styles whose words nobody has read yet."""
        return [style for style in styles if self._find(style) is None]

    def encode_missing(self, styles: Iterable[Style], read: Read) -> None:
        """Read and keep the words of these styles."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for style in styles:
            words = read(*prompts_of(style, self._model))
            whole = {name: tensor.contiguous().cpu() for name, tensor in words.items()}
            file = self._file(style)
            unfinished = file.with_suffix(f".{id(self):x}.part")
            save_file(whole, unfinished)
            unfinished.replace(file)

    def of(self, styles: Sequence[Style]) -> Words:
        """Return the words of several styles, one row each. Raises `KeyError` for one never learned."""
        rows = [self._row(style) for style in styles]
        return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}

    def _row(self, style: Style) -> Words:
        words = self._find(style)
        if words is None:
            raise KeyError(style.name)
        return words

    def _find(self, style: Style) -> Words | None:
        file = self._file(style)
        if file.name not in self._read:
            try:
                self._read[file.name] = load_file(file, device=self._device)
            except (FileNotFoundError, SafetensorError):
                return None
        return self._read[file.name]

    def _file(self, style: Style) -> Path:
        told = "\0".join((self._model.digest, *prompts_of(style, self._model)))
        return self._folder / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.safetensors"
