"""The engine: plans calls, lets one thread at a time use the device, and handles errors."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from pipeline.engine import RGB, ProgressCallback, RenderJob
from pipeline.engines.diffusion.batching import BatchCapacity, Call, plan
from pipeline.engines.diffusion.canvas import bucket_of, cut, stretch
from pipeline.engines.diffusion.errors import broke_device, is_out_of_memory
from pipeline.engines.diffusion.options import Options
from pipeline.engines.diffusion.output_check import flaw_of
from pipeline.errors import EngineUnusable, PaintingFailed
from pipeline.models import Model
from pipeline.styles import Style

if TYPE_CHECKING:
    from pipeline.engines.diffusion.loaded_model import LoadedModel
    from pipeline.engines.diffusion.sampling import Painted

EDITION = 1
"""Incremented when a change of this engine changes pictures."""

SECOND_SEED = 1_000_003
"""Added to the seed of a picture that is painted once more."""

Result = RGB | PaintingFailed


class DiffusionEngine:
    """A diffusion model that redraws photos.

    Creating one is cheap and needs no torch; `warm_up` opens the model. A lock covers only the work on
    the device, so that a second thread can prepare its photos while the first one paints.
    """

    name = "diffusion"
    threads = 2

    def __init__(
        self,
        model: Model,
        styles: Iterable[Style],
        options: Options,
        loaded_model: LoadedModel | None = None,
    ) -> None:
        """Take a model to open at warm-up, or as `loaded_model` one that is open already."""
        self.model = model
        self.model_name = model.name
        self.version = f"{model.name}-{model.digest[:12]}-{EDITION}"
        self._styles = tuple(styles)
        self._options = options
        self._capacity = BatchCapacity(model.batch_max)
        self._device = threading.Lock()
        self._loaded_model = loaded_model
        self._broken: str | None = None

    @property
    def follows_words(self) -> bool:
        """Return whether own words are allowed and the model takes instructions."""
        return self._options.own_words and bool(self.model.instruction)

    def warm_up(self) -> None:
        """Open the model, encode new prompts, compile, measure memory: takes seconds to minutes."""
        with self._device:
            try:
                self._capacity.set_all(self._opened().warm_up())
            except RuntimeError as error:
                self._raise_for(error)

    def bucket(self, width_px: int, height_px: int) -> str:
        """Return the nearest aspect ratio; the same for every model and machine."""
        return bucket_of(width_px, height_px)

    def capacity(self, bucket: str) -> int:
        """Return how many fit: measured at warm-up, reduced after an out-of-memory error."""
        return self._capacity.of(bucket)

    def paint(self, jobs: Sequence[RenderJob], on_progress: ProgressCallback) -> list[Result]:
        """Paint all; a picture that turns out empty is painted once more with another seed.

        `on_progress` is called between steps. Raises `PaintingCancelled`, `EngineUnusable`.
        """
        if not self.follows_words:
            jobs = [replace(job, words="") for job in jobs]
        known = self._with_prompt(jobs)
        results: dict[int, Result] = {
            index: PaintingFailed("style-unread") for index in range(len(jobs))
        }
        self._round(jobs, known, 0, results, on_progress)
        flawed = [index for index in known if isinstance(results[index], PaintingFailed)]
        self._round(jobs, flawed, SECOND_SEED, results, on_progress)
        return [results[index] for index in range(len(jobs))]

    def _with_prompt(self, jobs: Sequence[RenderJob]) -> list[int]:
        """Encode prompts with own words; return the indexes of the jobs that can be painted.

        A text encoder on the CPU does not need the device: the other thread paints meanwhile.
        """
        model = self._loaded_model
        if model is None:
            with self._device:
                model = self._opened()
        missing = model.missing_prompts(jobs)
        if missing:
            with self._device if model.encodes_on_device else nullcontext():
                model.encode(missing)
        return [index for index, job in enumerate(jobs) if model.has_prompt(job)]

    def _round(
        self,
        jobs: Sequence[RenderJob],
        indexes: Sequence[int],
        seed_shift: int,
        results: dict[int, Result],
        on_progress: ProgressCallback,
    ) -> None:
        calls = deque(plan(jobs, indexes, self.model, self._capacity))
        done = len(jobs) - len(indexes)
        while calls:
            call = calls.popleft()
            share = len(call.indexes) / len(jobs)
            begun = done / len(jobs)
            part = _share_of(on_progress, begun, share)
            painted = self._try(jobs, call, seed_shift, part)
            if painted is None:
                calls.extendleft(reversed(call.halves()))
                continue
            results.update(painted)
            done += len(call.indexes)

    def _try(
        self, jobs: Sequence[RenderJob], call: Call, seed_shift: int, on_progress: ProgressCallback
    ) -> dict[int, Result] | None:
        """Return the call's results by index, None if it did not fit into the device's memory."""
        chosen = [jobs[index] for index in call.indexes]
        canvases = [stretch(job.pixels, call.kind.shape) for job in chosen]
        seeds = [job.seed + seed_shift for job in chosen]
        with self._device:
            try:
                painted = self._opened().run_batch(call.kind, chosen, canvases, seeds, on_progress)
            except RuntimeError as error:
                self._handle(error, call)
                painted = None
            if painted is None:
                self._opened().tidy()
                return None
        return {
            index: _result(picture, cut(picture.pixels, canvas), job)
            for index, picture, canvas, job in zip(
                call.indexes, painted, canvases, chosen, strict=True
            )
        }

    def _handle(self, error: RuntimeError, call: Call) -> None:
        """Lower the capacity after a call that did not fit; raise any other error."""
        if is_out_of_memory(error) and len(call.indexes) > 1:
            self._capacity.shrink(call.kind.bucket, len(call.indexes))
        else:
            self._raise_for(error)

    def _raise_for(self, error: RuntimeError) -> NoReturn:
        if is_out_of_memory(error):
            raise EngineUnusable(
                f"Not even one photo fits into the GPU's memory with {self.model.name}:"
                " set SUISAI_MODEL=auto, or free some."
            ) from error
        if broke_device(error):
            self._broken = f"The GPU failed ({error}); this process must be started anew."
            raise EngineUnusable(self._broken) from error
        raise error

    def _opened(self) -> LoadedModel:
        if self._broken is not None:
            raise EngineUnusable(self._broken)
        if self._loaded_model is None:
            self._loaded_model = _open(self.model, self._styles, self._options)
        return self._loaded_model


def _open(model: Model, styles: Sequence[Style], options: Options) -> LoadedModel:
    try:
        from pipeline.engines.diffusion.loaded_model import open_model
    except ModuleNotFoundError as error:
        raise EngineUnusable(
            f"The diffusion engine needs {error.name}: install it with `pip install suisai[gpu]`."
        ) from error
    return open_model(model, styles, options)


def _result(painted: Painted, picture: RGB, job: RenderJob) -> Result:
    flaw = flaw_of(picture, job.pixels, painted.finite)
    return picture if flaw is None else PaintingFailed(flaw)


def _share_of(on_progress: ProgressCallback, begun: float, share: float) -> ProgressCallback:
    return lambda fraction: on_progress(begun + share * fraction)
