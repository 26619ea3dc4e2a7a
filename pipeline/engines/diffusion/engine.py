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
        studio: LoadedModel | None = None,
    ) -> None:
        """Take a model to open at warm-up, or as `studio` one that is open already."""
        self.model = model
        self.model_name = model.name
        self.version = f"{model.name}-{model.digest[:12]}-{EDITION}"
        self._styles = tuple(styles)
        self._options = options
        self._room = BatchCapacity(model.batch_max)
        self._device = threading.Lock()
        self._studio = studio
        self._broken: str | None = None

    @property
    def follows_words(self) -> bool:
        """Return whether own words are allowed and the model takes instructions."""
        return self._options.own_words and bool(self.model.instruction)

    def warm_up(self) -> None:
        """Open the model, encode new prompts, compile, measure memory: takes seconds to minutes."""
        with self._device:
            try:
                self._room.set_all(self._opened().warm_up())
            except RuntimeError as error:
                self._raise_for(error)

    def bucket(self, width_px: int, height_px: int) -> str:
        """Return the nearest aspect ratio; the same for every model and machine."""
        return bucket_of(width_px, height_px)

    def capacity(self, bucket: str) -> int:
        """Return how many fit: measured at warm-up, reduced after an out-of-memory error."""
        return self._room.of(bucket)

    def paint(self, commissions: Sequence[RenderJob], watch: ProgressCallback) -> list[Result]:
        """Paint all; a picture that turns out empty is painted once more with another seed.

        `watch` is called between steps. Raises `PaintingCancelled`, `EngineUnusable`.
        """
        if not self.follows_words:
            commissions = [replace(commission, words="") for commission in commissions]
        known = self._with_prompt(commissions)
        results: dict[int, Result] = {
            place: PaintingFailed("style-unread") for place in range(len(commissions))
        }
        self._round(commissions, known, 0, results, watch)
        flawed = [place for place in known if isinstance(results[place], PaintingFailed)]
        self._round(commissions, flawed, SECOND_SEED, results, watch)
        return [results[place] for place in range(len(commissions))]

    def _with_prompt(self, commissions: Sequence[RenderJob]) -> list[int]:
        """Encode prompts with own words; return the indexes of the jobs that can be painted.

        A text encoder on the CPU does not need the device: the other thread paints meanwhile.
        """
        model = self._studio
        if model is None:
            with self._device:
                model = self._opened()
        missing = model.missing_prompts(commissions)
        if missing:
            with self._device if model.encodes_on_device else nullcontext():
                model.encode(missing)
        return [place for place, job in enumerate(commissions) if model.has_prompt(job)]

    def _round(
        self,
        commissions: Sequence[RenderJob],
        places: Sequence[int],
        seed_shift: int,
        results: dict[int, Result],
        watch: ProgressCallback,
    ) -> None:
        calls = deque(plan(commissions, places, self.model, self._room))
        done = len(commissions) - len(places)
        while calls:
            call = calls.popleft()
            share = len(call.places) / len(commissions)
            begun = done / len(commissions)
            part = _part(watch, begun, share)
            painted = self._try(commissions, call, seed_shift, part)
            if painted is None:
                calls.extendleft(reversed(call.halves()))
                continue
            results.update(painted)
            done += len(call.places)

    def _try(
        self, commissions: Sequence[RenderJob], call: Call, seed_shift: int, watch: ProgressCallback
    ) -> dict[int, Result] | None:
        """Return the call's results by index, None if it did not fit into the device's memory."""
        chosen = [commissions[place] for place in call.places]
        canvases = [stretch(commission.pixels, call.kind.shape) for commission in chosen]
        seeds = [commission.seed + seed_shift for commission in chosen]
        with self._device:
            try:
                painted = self._opened().run_batch(call.kind, chosen, canvases, seeds, watch)
            except RuntimeError as error:
                self._handle(error, call)
                painted = None
            if painted is None:
                self._opened().tidy()
                return None
        return {
            place: _result(picture, cut(picture.pixels, canvas), commission)
            for place, picture, canvas, commission in zip(
                call.places, painted, canvases, chosen, strict=True
            )
        }

    def _handle(self, error: RuntimeError, call: Call) -> None:
        """Lower the capacity after a call that did not fit; raise any other error."""
        if is_out_of_memory(error) and len(call.places) > 1:
            self._room.shrink(call.kind.bucket, len(call.places))
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
        if self._studio is None:
            self._studio = _open(self.model, self._styles, self._options)
        return self._studio


def _open(model: Model, styles: Sequence[Style], options: Options) -> LoadedModel:
    try:
        from pipeline.engines.diffusion.loaded_model import open_model
    except ModuleNotFoundError as error:
        raise EngineUnusable(
            f"The diffusion engine needs {error.name}: install it with `pip install suisai[gpu]`."
        ) from error
    return open_model(model, styles, options)


def _result(painted: Painted, picture: RGB, commission: RenderJob) -> Result:
    flaw = flaw_of(picture, commission.pixels, painted.finite)
    return picture if flaw is None else PaintingFailed(flaw)


def _part(watch: ProgressCallback, begun: float, share: float) -> ProgressCallback:
    return lambda fraction: watch(begun + share * fraction)
