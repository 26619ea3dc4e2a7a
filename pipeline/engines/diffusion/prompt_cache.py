"""Encoded prompts: those of the styles on disk, those with a person's own words in memory only."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from pipeline.engine import RenderJob
from pipeline.engines.diffusion.family import PromptEmbeds
from pipeline.engines.diffusion.text_encoder import Prompt
from pipeline.models import Model
from pipeline.styles import Style

OWN_PROMPTS_MAX = 128
"""How many prompts with own words are kept. Must exceed what the threads of one engine paint at once."""


def prompt_of(style: Style, model: Model, words: str = "") -> Prompt:
    """Return the prompt and the negative prompt, which some models ignore.

    A person's own words are inserted into the template of the model's file.
    """
    negative = ", ".join(filter(None, (model.negative_prompt, style.diffusion.negative_prompt)))
    template = model.instruction if words else model.prompt
    # The words are inserted last, so that no placeholder in them is replaced.
    return template.replace("{style}", style.diffusion.prompt).replace("{words}", words), negative


class PromptCache:
    """Embeddings by prompt. Thread-safe.

    The prompts of the styles are files, one per model and prompt; safe to delete, shared by workers.
    Prompts with a person's own words stay in memory; the least recently used are dropped.
    """

    def __init__(self, folder: Path, model: Model, device: str) -> None:
        self._folder = folder
        self._model = model
        self._device = device
        self._styles: dict[str, PromptEmbeds] = {}
        self._own: OrderedDict[Prompt, PromptEmbeds] = OrderedDict()
        self._lock = threading.Lock()

    def missing(self, styles: Iterable[Style]) -> list[Style]:
        """Return the styles whose prompts are not encoded yet."""
        return [style for style in styles if self._of_style(style) is None]

    def missing_own(self, jobs: Iterable[RenderJob]) -> list[Prompt]:
        """Return the prompts with own words that are not in memory, each once."""
        prompts = (prompt_of(job.style, self._model, job.words) for job in jobs if job.words)
        with self._lock:
            return [each for each in dict.fromkeys(prompts) if each not in self._own]

    def add_styles(self, styles: Iterable[Style], encoded: Mapping[Prompt, PromptEmbeds]) -> None:
        """Write the embeddings of these styles' prompts to disk."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for style in styles:
            file = self._file(style)
            unfinished = file.with_suffix(f".{id(self):x}.part")
            save_file(dict(encoded[prompt_of(style, self._model)]), unfinished)
            unfinished.replace(file)

    def add_own(self, encoded: Mapping[Prompt, PromptEmbeds]) -> None:
        """Keep the embeddings of prompts with own words; drop the least recently used."""
        with self._lock:
            for prompt, embeds in encoded.items():
                self._own[prompt] = embeds
                self._own.move_to_end(prompt)
            while len(self._own) > OWN_PROMPTS_MAX:
                self._own.popitem(last=False)

    def get(self, jobs: Sequence[RenderJob]) -> PromptEmbeds:
        """Return the embeddings of several jobs on the device, one row each.

        Raises `KeyError` for a prompt that is not encoded.
        """
        rows = [self._row(job) for job in jobs]
        return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}

    def _row(self, job: RenderJob) -> PromptEmbeds:
        if job.words:
            prompt = prompt_of(job.style, self._model, job.words)
            with self._lock:
                self._own.move_to_end(prompt)
                embeds = self._own[prompt]
            return {name: tensor.to(self._device) for name, tensor in embeds.items()}
        found = self._of_style(job.style)
        if found is None:
            raise KeyError(job.style.name)
        return found

    def _of_style(self, style: Style) -> PromptEmbeds | None:
        file = self._file(style)
        if file.name not in self._styles:
            try:
                self._styles[file.name] = load_file(file, device=self._device)
            except (FileNotFoundError, SafetensorError):
                return None
        return self._styles[file.name]

    def _file(self, style: Style) -> Path:
        parts = "\0".join((self._model.digest, *prompt_of(style, self._model)))
        return self._folder / f"{hashlib.sha256(parts.encode()).hexdigest()[:32]}.safetensors"
