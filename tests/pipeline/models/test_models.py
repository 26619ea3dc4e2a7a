from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.models import GIB, ModelUnknown, load_model, load_models, model_names, parse_model
from pipeline.models.selection import UNFINISHED, NothingFits, choose_model, fits, missing_parts

SHIPPED = {"flux2-klein", "flux2-klein-8gb", "ghibli-sd15", "kontext", "qwen-edit"}


def test_included_models_are_valid_and_named_after_their_files() -> None:
    assert set(model_names()) >= SHIPPED
    assert [model.name for model in load_models()] == model_names()


@pytest.mark.parametrize("model", load_models(), ids=model_names())
def test_a_model_has_all_information_for_operators(model: object) -> None:
    model = load_model(str(getattr(model, "name", "")))

    assert model.licence
    assert model.allows.endswith(".")
    assert "{style}" in model.prompt
    assert 0 < model.strength[0] < model.strength[1] <= 1
    assert model.draft.steps * model.draft.side_px**2 < model.recipe.steps * model.recipe.side_px**2
    assert model.batch_max & (model.batch_max - 1) == 0
    assert all("/" in source.repository for source in model.sources)
    assert not any(
        part.endswith((".bin", ".ckpt", ".pt")) for s in model.sources for part in s.parts
    )


def test_auto_chooses_only_models_with_a_free_licence() -> None:
    unasked = [model for model in load_models() if model.auto]

    assert unasked
    assert not any(model.gated or "Non-Commercial" in model.licence for model in unasked)


@pytest.mark.parametrize(
    ("free_gib", "name"),
    [(4, "ghibli-sd15"), (7.5, "flux2-klein-8gb"), (15.5, "flux2-klein"), (80, "flux2-klein")],
)
def test_auto_chooses_the_best_model_that_fits_and_gives_the_reason(
    free_gib: float, name: str
) -> None:
    model, why = choose_model("auto", int(free_gib * GIB))

    assert model.name == name
    assert (
        why
        == f"{free_gib:.1f} GiB of GPU memory are free and {name} needs {model.memory_gib:g} GiB"
    )


def test_where_nothing_fits_the_painter_is_offered() -> None:
    with pytest.raises(NothingFits, match=r"1\.0 GiB are free.*SUISAI_ENGINE=painter"):
        choose_model("auto", GIB)


def test_a_named_model_is_used_even_if_it_does_not_seem_to_fit() -> None:
    model, why = choose_model("kontext", 8 * GIB)

    assert model.name == "kontext"
    assert not fits(model, 8 * GIB)
    assert "only 8.0 GiB are free" in why


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("title = ", "Invalid value"),
        ('title = "T"', "memory_gib"),
        ("colour = 3", "colour"),
    ],
)
def test_an_invalid_model_file_is_reported_with_its_error(text: str, complaint: str) -> None:
    with pytest.raises(ModelUnknown, match=rf"(?s)mine\.toml describes no model.*{complaint}"):
        parse_model("mine", text)


def test_an_unknown_name_lists_those_that_exist() -> None:
    with pytest.raises(ModelUnknown, match="there are: flux2-klein, flux2-klein-8gb"):
        load_model("flux3")


def test_a_model_is_complete_if_all_parts_exist_and_no_download_is_running(
    tmp_path: Path,
) -> None:
    model = load_model("ghibli-sd15")
    assert len(missing_parts(model, tmp_path)) == sum(len(s.parts) for s in model.sources)

    for source in model.sources:
        for part in source.parts:
            (tmp_path / source.folder / part).mkdir(parents=True)
    assert missing_parts(model, tmp_path) == []

    (tmp_path / model.source.folder / UNFINISHED).touch()
    assert len(missing_parts(model, tmp_path)) == len(model.source.parts)
