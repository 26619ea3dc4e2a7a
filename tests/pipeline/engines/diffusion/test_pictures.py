"""The benchmark of pictures, with tiny models and with paintings whose metrics are known."""

from __future__ import annotations

from benchmarks.pictures import Evaluator, compare
from tests.photos import photo as photo_named
from tests.pipeline.engines.diffusion.conftest import FILM, INK, OpenEngine, photo


def test_a_photo_is_like_itself_and_unlike_another_one() -> None:
    evaluator, face = Evaluator(), photo_named("astronaut", 512)

    same = evaluator.evaluate("astronaut", "none", face, face, 0.0)
    darker = evaluator.evaluate("astronaut", "none", face, face // 2, 0.0)
    flipped = evaluator.evaluate("astronaut", "none", face, face[:, ::-1].copy(), 0.0)

    assert (same.faces, same.faces_kept) == (1, 1)
    assert same.skin_lightness == 0
    assert same.composition > 0.999
    assert darker.skin_lightness is not None
    assert darker.skin_lightness < -10
    assert flipped.composition < same.composition / 2


def test_tiny_models_are_painted_and_judged(open_engine: OpenEngine) -> None:
    engine = open_engine()
    photos = {"one": photo(1), "two": photo(2)}

    rows = [row for row, _ in compare(engine, photos, [FILM, INK], Evaluator())]

    assert [(row.photo, row.style) for row in rows] == [
        ("one", "film"),
        ("one", "ink"),
        ("two", "film"),
        ("two", "ink"),
    ]
    assert all(row.faces == 0 and row.identity is None for row in rows)
    assert all(-1 <= row.composition <= 1 for row in rows)
