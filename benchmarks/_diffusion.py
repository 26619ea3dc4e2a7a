"""The variants of the diffusion engine that are compared, and how each is measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks._klein import Bench, at_side, real_bench
from pipeline.engine import RenderJob
from pipeline.engines.diffusion import DiffusionEngine, Options
from pipeline.engines.diffusion.batching import BatchKey
from pipeline.engines.diffusion.canvas import Shape, stretch
from pipeline.engines.diffusion.device import Device, open_device
from pipeline.engines.diffusion.families.klein import Klein
from pipeline.engines.diffusion.family import StepInputs
from pipeline.engines.diffusion.loaded_model import LoadedModel
from pipeline.engines.diffusion.prompt_cache import PromptCache, prompt_of
from pipeline.engines.diffusion.tuning import choose_attention, compile_blocks
from pipeline.models import GIB
from pipeline.styles import Diffusion, Style

STYLE = Style("bench", diffusion=Diffusion(prompt="a hand-painted film still, soft summer light"))

Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Row:
    """The measurements of one variant."""

    side_px: int
    variant: str
    batch: int
    pictures_per_s: float
    times_naive: float
    floor_ms: float
    """Time for the arithmetic of one picture at the speed of a large matrix product on this device."""
    of_floor: float
    """`floor_ms` as a share of the measured time; 1 is the limit."""
    idle: float | None
    """Share of the time in which the GPU was idle; None on a CPU."""
    memory_gib: float | None


@dataclass(frozen=True, slots=True)
class _Variant:
    name: str
    side_px: int
    batch: int
    call: Call
    pictures: int


class Comparison:
    """Measures all variants with one model. Variants that change the model permanently come last."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self._bench = bench
        self._loaded = _load(bench, folder)
        self._peak = matrix_product_flops(bench.device, bench.pipe.transformer.dtype)
        self._floors_s = {side: self._flops(side) / self._peak for side in bench.sides_px}
        self._naive: dict[int, float] = {}

    @property
    def peak_tflops(self) -> float:
        """Speed of a large matrix product on this device, in 10^12 operations per second."""
        return self._peak / 1e12

    def rows(self, compiled: bool) -> Iterator[Row]:
        """Measure one variant after the other."""
        sides, batches = self._bench.sides_px, self._bench.batches
        for side in sides:
            yield self._row(self._library(side))
        for side in sides:
            yield self._row(self._ours("words kept, own loop", side, 1))
        attention = self._choose_attention()
        for side in sides:
            yield self._row(self._ours(f"+ attention {attention}", side, 1))
        if compiled:
            body = self._bench.pipe.transformer
            compile_blocks(body, any_shape=True, try_out=lambda: self._try_out(sides[0]))
            for side in sides:
                yield self._row(self._ours("+ compiled blocks", side, 1))
        for side in sides:
            for batch in batches[1:]:
                yield self._row(self._ours("+ batch", side, batch))
            yield self._row(self._engine(side, batches[-1], threads=1))
            yield self._row(self._engine(side, batches[-1], threads=2))

    def _row(self, variant: _Variant) -> Row:
        speed, memory = self._speed(variant)
        naive = self._naive.setdefault(variant.side_px, speed)
        floor = self._floors_s[variant.side_px]
        return Row(
            variant.side_px,
            variant.name,
            variant.batch,
            speed,
            speed / naive,
            floor * 1000,
            floor * speed,
            self._idle(variant),
            memory,
        )

    def _speed(self, variant: _Variant) -> tuple[float, float | None]:
        """Return pictures per second of the fastest round, and the peak memory in GiB."""
        variant.call()
        peak = self._loaded.device.watch_peak()
        times = [self._time(variant.call) for _ in range(self._bench.rounds)]
        held = None if self._bench.device == "cpu" else self._held(peak())
        return variant.pictures / min(times), held

    def _held(self, added: int) -> float:
        return float(torch.cuda.memory_allocated(self._bench.device) + added) / GIB

    def _time(self, call: Call) -> float:
        self._loaded.device.mark()()
        begun = time.perf_counter()
        call()
        self._loaded.device.mark()()
        return time.perf_counter() - begun

    def _idle(self, variant: _Variant) -> float | None:
        if self._bench.device == "cpu":
            return None
        return idle_share(self._loaded.device, variant.call)

    def _flops(self, side_px: int) -> float:
        """Count the operations of one picture."""
        return counted_operations(
            lambda: self._run_batch(side_px, 1), on_cpu=self._bench.device == "cpu"
        )

    def _library(self, side_px: int) -> _Variant:
        bench, model = self._bench, self._bench.model
        photo = Image.fromarray(jobs_of(1, side_px)[0].pixels)
        prompt = model.prompt.replace("{style}", STYLE.diffusion.prompt)

        def call() -> object:
            return bench.pipe(
                image=photo,
                prompt=prompt,
                height=side_px,
                width=side_px,
                num_inference_steps=model.recipe.steps,
                guidance_scale=1.0,
                max_sequence_length=model.text_tokens,
            )

        return _Variant("library, a call per photo", side_px, 1, call, 1)

    def _ours(self, name: str, side_px: int, batch: int) -> _Variant:
        return _Variant(name, side_px, batch, lambda: self._run_batch(side_px, batch), batch)

    def _engine(self, side_px: int, batch: int, threads: int) -> _Variant:
        jobs = jobs_of(batch, side_px)
        options = Options(Path(), Path(), device=self._bench.device)
        model = at_side(self._bench.model, side_px)
        engine = DiffusionEngine(model, [STYLE], options, loaded_model=self._loaded)

        def paint() -> None:
            for _ in range(4 // threads):
                engine.paint(jobs, lambda _: None)

        def call() -> None:
            workers = [threading.Thread(target=paint) for _ in range(threads)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()

        return _Variant(
            f"whole engine, {threads} thread{'s' * (threads - 1)}", side_px, batch, call, 4 * batch
        )

    def _run_batch(self, side_px: int, batch: int) -> object:
        key = BatchKey("1x1", Shape(side_px, side_px), self._bench.model.recipe.steps, ())
        jobs = jobs_of(batch, side_px)
        canvases = [stretch(job.pixels, key.shape) for job in jobs]
        return self._loaded.run_batch(key, jobs, canvases, range(batch), lambda _: None)

    def _choose_attention(self) -> str:
        body, largest = self._bench.pipe.transformer, self._bench.sides_px[-1]
        device = self._loaded.device
        return choose_attention(body, "fastest", device, lambda: self._try_out(largest))

    def _try_out(self, side_px: int) -> None:
        self._run_batch(side_px, 1)


def operations(side_px: int) -> float:
    """Count the operations of one picture of klein 4B on the meta device, which allocates no memory."""
    bench = real_bench("meta")
    family, dtype = Klein(bench.pipe, bench.model), torch.bfloat16
    zero = torch.zeros(1, device="meta")
    words = {
        "prompt": torch.zeros(1, bench.model.text_tokens, 7680, device="meta", dtype=dtype),
        "places": torch.zeros(1, bench.model.text_tokens, 4, device="meta"),
    }
    attention = sdpa_kernel(SDPBackend.MATH)
    with torch.no_grad(), FlopCounterMode(display=False) as counter, attention:
        photos = torch.zeros(1, 3, side_px, side_px, device="meta", dtype=dtype)
        reference = family.encode(photos)
        latents, inputs = reference.latents, StepInputs(reference, words, zero)
        for _ in range(bench.model.recipe.steps):
            latents = family.step(latents, inputs, zero, zero)
        family.decode(latents)
    return float(counter.get_total_flops())


def _load(bench: Bench, folder: Path) -> LoadedModel:
    """Load the model of a bench as the engine does, with prompts from its own text encoder."""
    family = Klein(bench.pipe, bench.model)
    options = Options(folder, folder, device=bench.device)
    with torch.no_grad():
        prompt = prompt_of(STYLE, bench.model)
        embeds = family.encode_prompt(*prompt, None)
        on_host = {name: tensor.contiguous().cpu() for name, tensor in embeds.items()}
        PromptCache(folder / "words", bench.model, bench.device).add_styles(
            [STYLE], {prompt: on_host}
        )
    return LoadedModel(bench.model, [STYLE], options, open_device(bench.device), family)


def jobs_of(count: int, side_px: int) -> list[RenderJob]:
    """Return jobs with photos of noise, squares of this side."""
    photos = np.random.default_rng(0).integers(0, 255, (count, side_px, side_px, 3), np.uint8)
    return [RenderJob(photo, STYLE, 1.0, seed) for seed, photo in enumerate(photos)]


def counted_operations(call: Call, on_cpu: bool = True) -> float:
    """Count the operations of a call."""
    # The counter supports the GPU's attention kernels, but on a CPU only the MATH backend.
    attention = sdpa_kernel(SDPBackend.MATH) if on_cpu else nullcontext()
    with FlopCounterMode(display=False) as counter, attention:
        call()
    return float(counter.get_total_flops())


def idle_share(device: Device, call: Call) -> float:
    """Return the share of a call's time in which the GPU was idle."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        device.mark()()
        begun = time.perf_counter()
        call()
        device.mark()()
        wall_s = time.perf_counter() - begun
    spans = sorted(
        (event.time_range.start, event.time_range.end)
        for event in profile.events()
        if event.device_type == torch.autograd.DeviceType.CUDA
    )
    return max(0.0, 1 - _covered(spans) / 1e6 / wall_s)


def matrix_product_flops(device_name: str, dtype: torch.dtype) -> float:
    """Return the operations per second of one large matrix product with this dtype."""
    size = 1024 if device_name == "cpu" else 8192
    device = open_device(device_name)
    one = torch.randn(size, size, device=device_name, dtype=dtype)
    times = []
    for _ in range(12):
        device.mark()()
        begun = time.perf_counter()
        one @ one
        device.mark()()
        times.append(time.perf_counter() - begun)
    return 2 * size**3 / min(times)


def _covered(spans: list[tuple[float, float]]) -> float:
    """Return the length that sorted spans cover, where they overlap only once."""
    covered, reached = 0.0, float("-inf")
    for start, end in spans:
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered
