from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine import RenderJob
from pipeline.engines.diffusion.batching import (
    BatchCapacity,
    batch_key_of,
    guidance_of,
    plan,
    share_of,
)
from pipeline.models import Lora, Model, ModelSource, Recipe, load_model
from pipeline.styles import Diffusion, Style
from tests.pipeline.engines.diffusion.conftest import photo

PLAIN = Style("plain", diffusion=Diffusion(strength=(0.0, 1.0)))
INKED = Style("inked", diffusion=Diffusion(lora=("ink@0.5", "unheard-of")))


@pytest.fixture
def model() -> Model:
    ink = Lora("ink", ModelSource("someone/ink", ("ink.safetensors",)), weight=0.9)
    return replace(load_model("flux2-klein"), loras=(ink,), strength=(0.4, 1.0))


def asked(width: int, height: int, style: Style = PLAIN, draft: bool = False) -> RenderJob:
    return RenderJob(photo(0, width, height), style, 0.5, 1, draft)


shapes = st.sampled_from([(30, 30), (40, 30), (30, 40), (90, 20)])
jobs = st.lists(
    st.builds(
        lambda size, style, draft: asked(size[0], size[1], style, draft),
        shapes,
        st.sampled_from([PLAIN, INKED]),
        st.booleans(),
    ),
    max_size=12,
)


@given(jobs, st.integers(1, 4))
def test_a_plan_has_everybody_once_and_only_likes_together(
    batch: list[RenderJob], most: int
) -> None:
    model = load_model("flux2-klein")
    calls = plan(batch, range(len(batch)), model, BatchCapacity(most))

    assert sorted(place for call in calls for place in call.indexes) == list(range(len(batch)))
    assert all(1 <= len(call.indexes) <= most for call in calls)
    assert all(batch_key_of(batch[p], model) == call.kind for call in calls for p in call.indexes)


def test_a_draft_is_smaller_and_never_shares_a_call_with_a_full_picture(model: Model) -> None:
    model = replace(model, recipe=Recipe(4, 1024), draft=Recipe(3, 512))
    full, draft = plan([asked(30, 30), asked(30, 30, draft=True)], [0, 1], model, BatchCapacity(8))

    assert (full.kind.steps, full.kind.shape.width_px) == (4, 1024)
    assert (draft.kind.steps, draft.kind.shape.width_px) == (3, 512)


def test_a_style_wears_the_loras_that_the_model_has(model: Model) -> None:
    assert batch_key_of(asked(30, 30, INKED), model).loras == (("ink", 0.5),)
    assert batch_key_of(asked(30, 30, INKED), load_model("kontext")).loras == ()


def test_halves_of_a_call_are_its_places_in_their_order(model: Model) -> None:
    (call,) = plan([asked(30, 30)] * 5, range(5), model, BatchCapacity(8))

    first, second = call.halves()

    assert (first.indexes, second.indexes) == ((0, 1, 2), (3, 4))


def test_room_that_proved_too_small_is_remembered_for_its_bucket_alone() -> None:
    room = BatchCapacity(8)
    room.shrink("3x2", 8)
    room.shrink("3x2", 2)
    room.set_all(6)

    assert room.of("3x2") == 1
    assert room.of("1x1") == 6


@pytest.mark.parametrize(
    ("strength", "share"), [(0.0, 0.4), (0.5, 0.7), (1.0, 1.0), (7.0, 1.0), (-1.0, 0.4)]
)
def test_a_persons_strength_spans_what_the_model_calls_little_and_much(
    strength: float, share: float, model: Model
) -> None:
    job = replace(asked(30, 30), strength=strength)

    assert share_of(job, model) == pytest.approx(share)


def test_a_style_narrows_the_models_range_and_may_ask_for_its_own_guidance(model: Model) -> None:
    firm = Style("firm", diffusion=Diffusion(strength=(0.5, 0.5), guidance=3.0))

    assert share_of(asked(30, 30, firm), model) == pytest.approx(0.7)
    assert guidance_of(asked(30, 30, firm), model) == 3.0
    assert guidance_of(asked(30, 30), model) == model.guidance
