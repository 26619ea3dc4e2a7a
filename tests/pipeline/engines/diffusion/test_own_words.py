"""Own words change the picture, share batches with jobs that have none, and are never written to disk."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.engine import RenderJob
from pipeline.engines.diffusion import DiffusionEngine, Options
from pipeline.models import GIB, load_model
from tests.pipeline.engines.diffusion.conftest import (
    FILM,
    INK,
    CountedCpu,
    differ,
    painted,
    tiny_model,
    wanted,
)

torch = pytest.importorskip("torch", reason="needs the extra `gpu`")

AT_NIGHT = replace(wanted(1), words="at night, with lanterns")
PLAIN = wanted(1)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep these tests' prompts apart: others encode them for models with shorter texts."""
    return tmp_path_factory.mktemp("own-words")


def engine_of(
    models: Path, cache: Path, name: str = "flux2-klein", own_words: bool = True
) -> DiffusionEngine:
    options = Options(models, cache, device="cpu", compiled=False, own_words=own_words)
    # The tiny tokenizer takes a token per letter: 64 of them end before the words begin.
    changes = {"text_tokens": 512} if name.startswith("flux2") else {}
    return DiffusionEngine(tiny_model(name, **changes), (FILM, INK), options)


@pytest.mark.parametrize("name", ["flux2-klein", "flux2-klein-8gb", "kontext"])
def test_own_words_change_the_picture_and_nobody_elses(
    name: str, models: Path, cache: Path
) -> None:
    engine = engine_of(models, cache, name)
    (plain,) = painted(engine, PLAIN)
    (night,) = painted(engine, AT_NIGHT)

    mixed = painted(engine, PLAIN, AT_NIGHT, replace(PLAIN, words="Snow! " * 30))

    assert differ(plain, night) > 1
    assert differ(mixed[0], plain) <= 1
    assert differ(mixed[1], night) <= 1
    assert differ(mixed[2], plain) > 1


def test_the_same_engine_without_own_words_ignores_them(models: Path, cache: Path) -> None:
    engine = engine_of(models, cache, own_words=False)

    plain, night = painted(engine, PLAIN, AT_NIGHT)

    assert not engine.follows_words
    assert differ(plain, night) == 0


def test_a_model_without_a_form_for_instructions_says_so_and_paints(
    models: Path, cache: Path
) -> None:
    engine = engine_of(models, cache, "ghibli-sd15")

    plain, night = painted(engine, PLAIN, AT_NIGHT)

    assert not engine.follows_words
    assert differ(plain, night) <= 1


def test_own_words_are_not_written_to_disk(models: Path, tmp_path: Path) -> None:
    engine = engine_of(models, tmp_path)

    painted(engine, AT_NIGHT)

    assert len(list((tmp_path / "words").iterdir())) == 2


def test_a_text_encoder_on_the_cpu_works_while_the_other_thread_paints(
    models: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.engines.diffusion.text_encoder import TextEncoder

    engine, encode = engine_of(models, cache), TextEncoder.encode
    painted(engine, PLAIN)
    painting, encoded = threading.Event(), threading.Event()

    def late_encode(self: TextEncoder, prompts: object) -> object:
        assert painting.wait(20)
        result = encode(self, prompts)  # type: ignore[arg-type]
        encoded.set()
        return result

    def watch(_: float) -> None:
        painting.set()
        assert encoded.wait(20)

    monkeypatch.setattr(TextEncoder, "encode", late_encode)
    asking = threading.Thread(target=painted, args=(engine, AT_NIGHT))
    asking.start()
    assert engine.paint([PLAIN], watch)
    asking.join()
    assert encoded.is_set()


@pytest.mark.parametrize(("free_gib", "on_device"), [(19, False), (22, True)])
def test_the_text_encoder_takes_the_gpu_only_where_both_fit(
    free_gib: int, on_device: bool, models: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.engines.diffusion.text_encoder import TextEncoder

    device = CountedCpu(free_gib * GIB, weights=GIB, each=GIB)
    device.name = "cpu:0"
    monkeypatch.setattr("pipeline.engines.diffusion.loaded_model.open_device", lambda _: device)

    encoder = TextEncoder(tiny_model("flux2-klein"), models, device, beside_model=True)

    assert encoder.on_device is on_device


def test_a_gpu_that_gets_too_full_sends_the_text_encoder_to_the_cpu(
    models: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.engines.diffusion.families.klein import Klein
    from pipeline.engines.diffusion.text_encoder import TextEncoder

    device = CountedCpu(100 * GIB, weights=GIB, each=GIB)
    device.name = "cpu:0"
    encoder = TextEncoder(tiny_model("flux2-klein"), models, device, beside_model=True)
    real = Klein.encode_prompt

    def full(self: Klein, prompt: str, negative_prompt: str, photo: None) -> object:
        if encoder.on_device:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, prompt, negative_prompt, photo)

    monkeypatch.setattr(Klein, "encode_prompt", full)

    assert encoder.encode([("a drawing", "")])
    assert not encoder.on_device


def test_the_cache_of_own_words_is_bounded_and_keeps_what_was_used_last(tmp_path: Path) -> None:
    from pipeline.engines.diffusion.prompt_cache import OWN_PROMPTS_MAX, PromptCache, prompt_of

    model = load_model("flux2-klein")
    cache = PromptCache(tmp_path, model, "cpu")
    jobs = [replace(PLAIN, words=f"with {number} birds") for number in range(OWN_PROMPTS_MAX + 1)]
    embeds = {"prompt": torch.zeros(1, 1)}

    for job in jobs[:-1]:
        cache.add_own({prompt_of(job.style, model, job.words): embeds})
    cache.get([jobs[0]])
    cache.add_own({prompt_of(FILM, model, jobs[-1].words): embeds})

    assert cache.missing_own(jobs) == [prompt_of(FILM, model, jobs[1].words)]


@pytest.mark.parametrize("name", ["flux2-klein", "flux2-klein-8gb", "kontext", "qwen-edit"])
def test_words_cannot_reach_the_placeholders_of_the_form(name: str) -> None:
    from pipeline.engines.diffusion.prompt_cache import prompt_of

    job: RenderJob = replace(PLAIN, words="{style} {words}")
    prompt, _ = prompt_of(job.style, load_model(name), job.words)

    assert prompt.count(FILM.diffusion.prompt) == 1
    assert "{style} {words}" in prompt
