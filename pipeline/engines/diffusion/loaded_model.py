"""A model that is open on its device and ready: prompts encoded, kernels warm, memory measured."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from pipeline.engine import ProgressCallback, RenderJob
from pipeline.engines.diffusion.batching import BatchKey, guidance_of, share_of
from pipeline.engines.diffusion.canvas import Canvas, Shape, buckets, shape_of
from pipeline.engines.diffusion.device import Device, open_device
from pipeline.engines.diffusion.errors import is_out_of_memory
from pipeline.engines.diffusion.family import Family, PromptEmbeds
from pipeline.engines.diffusion.loading import open_painter, prompt_needs_photo
from pipeline.engines.diffusion.loras import activate, changes_by_style
from pipeline.engines.diffusion.options import Options
from pipeline.engines.diffusion.prompt_cache import PromptCache, prompt_of
from pipeline.engines.diffusion.sampling import Painted, SamplingInputs, photos_on, sample
from pipeline.engines.diffusion.text_encoder import Prompt, TextEncoder
from pipeline.engines.diffusion.tuning import (
    choose_attention,
    compile_blocks,
    keep_kernels,
    recall_kernels,
)
from pipeline.errors import EngineUnusable
from pipeline.models import GIB, Model
from pipeline.styles import Style

MEMORY_SHARE = 0.9
"""Share of the free memory that a batch may use; fragmentation and other processes need the rest."""


class LoadedModel:
    """One model on one device.

    `has_prompt`, `missing_prompts` and `encode` may be called by several threads at once, the last one
    only while the text encoder is not on the device; all else must be called by one thread, because the
    library's components keep state.
    """

    def __init__(
        self,
        model: Model,
        styles: Sequence[Style],
        options: Options,
        device: Device,
        family: Family,
        text_encoder: TextEncoder | None = None,
    ) -> None:
        self.model = model
        self.device = device
        self._styles = styles
        self._options = options
        self._family = family
        self._text_encoder = text_encoder
        self._prompts = PromptCache(options.cache / "words", model, device.name)

    @property
    def encodes_on_device(self) -> bool:
        """Return whether the text encoder shares the device, so that `encode` needs it."""
        return self._text_encoder is not None and self._text_encoder.on_device

    def has_prompt(self, job: RenderJob) -> bool:
        """Return whether the job's prompt is encoded, or can be when it is painted."""
        if self._family.prompt_needs_photo:
            return True
        return not (
            self._prompts.missing_own([job]) if job.words else self._prompts.missing([job.style])
        )

    def missing_prompts(self, jobs: Sequence[RenderJob]) -> list[Prompt]:
        """Return the prompts with own words that must be encoded before these jobs are painted."""
        if self._family.prompt_needs_photo or self._text_encoder is None:
            return []
        return self._prompts.missing_own(jobs)

    def encode(self, prompts: Sequence[Prompt]) -> None:
        """Encode prompts and keep them."""
        if self._text_encoder is not None:
            self._prompts.add_own(self._text_encoder.encode(prompts))

    def run_batch(
        self,
        kind: BatchKey,
        jobs: Sequence[RenderJob],
        canvases: Sequence[Canvas],
        seeds: Sequence[int],
        on_progress: ProgressCallback,
    ) -> list[Painted]:
        """Paint jobs with the same batch key in one call, in their order."""
        inputs = SamplingInputs(
            photos=np.stack([canvas.pixels for canvas in canvases]),
            seeds=seeds,
            shares=[share_of(job, self.model) for job in jobs],
            guidance=[guidance_of(job, self.model) for job in jobs],
            steps=kind.steps,
        )
        if changes_by_style(self.model):
            activate(self._family.pipe, self.model, kind.loras)
        with self.device.entered():
            embeds = self._embeds(jobs, inputs)
            return sample(self._family, inputs, embeds, self.device, on_progress)

    def warm_up(self) -> int:
        """Compile, choose the attention backend, run each shape; return how many photos fit into one call."""
        with self.device.entered():
            return self._warmed_up()

    def _warmed_up(self) -> int:
        kernels = self._options.cache / "kernels" / f"{self._fingerprint()}.bin"
        if self._options.compiled:
            recall_kernels(kernels)
        body, square = self._family.body, shape_of("1x1", self.model.recipe.side_px)
        try_out = partial(self._rehearse, square, 1)
        choose_attention(body, self._options.attention, self.device, try_out)
        if self._options.compiled and self.model.quantisation == "none":
            compile_blocks(body, self._options.any_shape, try_out)
        capacity = self._measured_capacity(square)
        self._rehearse_all(capacity)
        if self._options.compiled:
            keep_kernels(kernels)
        return capacity

    def tidy(self) -> None:
        """Release the memory of a failed call."""
        self.device.tidy()

    def _embeds(self, jobs: Sequence[RenderJob], inputs: SamplingInputs) -> PromptEmbeds:
        if not self._family.prompt_needs_photo:
            return self._prompts.get(jobs)
        (job,) = jobs
        with torch.no_grad():
            photo = photos_on(self.device, inputs.photos, self._family.body.dtype)[0]
            prompt = prompt_of(job.style, self.model, job.words)
            return self._family.encode_prompt(*prompt, photo)

    def _measured_capacity(self, shape: Shape) -> int:
        """Return how many photos fit, from the memory that one and two need; also compiles their kernels."""
        most, free = self.model.batch_max, self.device.free_bytes()
        self._rehearse(shape, 1)
        if free is None or most == 1:
            return most
        one = self._peak_of(shape, 1)
        two = self._peak_of(shape, 2)
        more = (free * MEMORY_SHARE - one) / max(1, two - one)
        return min(most, _power_of_two(1 + int(max(0.0, more))))

    def _peak_of(self, shape: Shape, count: int) -> int:
        peak = self.device.watch_peak()
        try:
            self._rehearse(shape, count)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return self.device.free_bytes() or 0
        return peak()

    def _rehearse_all(self, capacity: int) -> None:
        for side_px in {self.model.recipe.side_px, self.model.draft.side_px}:
            for bucket in buckets():
                self._rehearse(shape_of(bucket, side_px), 1)
            self._rehearse(shape_of("1x1", side_px), capacity)

    def _rehearse(self, shape: Shape, count: int) -> None:
        """Paint grey photos in one step, which compiles every kernel that a real call needs."""
        grey = np.full((count, shape.height_px, shape.width_px, 3), 128, np.uint8)
        inputs = SamplingInputs(grey, range(count), [1.0] * count, [self.model.guidance] * count, 1)
        jobs = [RenderJob(row, self._styles[0], 1.0, seed) for seed, row in enumerate(grey)]
        embeds = self._embeds(jobs, inputs)
        sample(self._family, inputs, embeds, self.device, lambda _: None)

    def _fingerprint(self) -> str:
        parts = (self.model.digest, torch.__version__, self.device.title, self._options.any_shape)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def open_model(model: Model, styles: Sequence[Style], options: Options) -> LoadedModel:
    """Open a model, after encoding those prompts of the styles that are not cached.

    Raises `EngineUnusable` with one sentence that says how to fix it.
    """
    device = open_device(options.device)
    try:
        text_encoder = _encode_styles(model, styles, options, device)
        family = open_painter(model, options.models, device.name)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise EngineUnusable(_too_small(model, device)) from error
    return LoadedModel(model, styles, options, device, family, text_encoder)


def _encode_styles(
    model: Model, styles: Sequence[Style], options: Options, device: Device
) -> TextEncoder | None:
    """Cache the styles' prompts; return the text encoder if own words need it later."""
    if prompt_needs_photo(model):
        return None
    stays = options.own_words and bool(model.instruction)
    cache = PromptCache(options.cache / "words", model, "cpu")
    missing = cache.missing(styles)
    if not (missing or stays):
        return None
    text_encoder = TextEncoder(model, options.models, device, beside_model=stays)
    cache.add_styles(missing, text_encoder.encode(prompt_of(style, model) for style in missing))
    if stays:
        return text_encoder
    text_encoder.close()
    return None


def _too_small(model: Model, device: Device) -> str:
    free = device.free_bytes() or 0
    return (
        f"The model {model.name} needs about {model.memory_gib:g} GiB of GPU memory and {device.title} has"
        f" {free / GIB:.1f} GiB free: set SUISAI_MODEL=auto, or free some."
    )


def _power_of_two(most: int) -> int:
    return 1 << (most.bit_length() - 1)
