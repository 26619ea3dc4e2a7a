from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.engine import RGB
from pipeline.engines.painter.arrays import as_bytes
from pipeline.engines.painter.filters.noise import cloudy, grainy
from pipeline.engines.painter.filters.palette_lut import at_hour, cube_of, recolour
from pipeline.engines.painter.filters.sky import cloudscape
from pipeline.engines.painter.render import emboldened, palette_share, presence
from pipeline.styles import Clouds, Palette, load_styles

FILM = load_styles()["film"]


def swatch(*colours: tuple[int, int, int]) -> RGB:
    """One row of colours."""
    return np.array([colours], np.uint8)


def recoloured(colours: RGB, palette: Palette, share: float = 1.0) -> RGB:
    """What a palette makes of bytes."""
    return as_bytes(recolour(colours, cube_of(palette, share)))


def test_a_palette_that_says_nothing_changes_nothing() -> None:
    colours = swatch((0, 0, 0), (255, 255, 255), (200, 120, 90), (60, 90, 150))

    changed = recoloured(colours, Palette())

    assert np.abs(changed.astype(int) - colours).max() <= 2


def test_no_byte_of_blue_is_further_than_one_from_its_own() -> None:
    blues = np.stack([np.full(256, 90), np.full(256, 140), np.arange(256)], -1).astype(np.uint8)

    changed = recoloured(blues[None], Palette(), 0.0)

    assert np.abs(changed[0].astype(int) - blues).max() <= 1


def test_a_share_of_none_changes_nothing() -> None:
    colours = swatch((200, 120, 90), (10, 80, 200))

    assert np.abs(recoloured(colours, FILM.palette, 0.0).astype(int) - colours).max() <= 1


def test_film_makes_greens_fresher_and_leaves_grey_grey() -> None:
    green, grey = recoloured(swatch((90, 110, 60), (128, 128, 128)), FILM.palette)[0]

    assert int(green[1]) - int(green[2]) > 110 - 60
    assert np.ptp(grey.astype(int)) < 12


def test_pigments_draw_colours_to_their_pots() -> None:
    pots = Palette(pigments=("#20242f", "#c23f2e", "#efe4cb"), pull=1.0)

    red = recoloured(swatch((205, 80, 60)), pots)[0, 0]

    assert np.abs(red.astype(int) - (0xC2, 0x3F, 0x2E)).max() < 16


def test_at_night_nothing_is_lifted() -> None:
    night = at_hour(FILM.palette, 0.0)

    assert (night.lift, night.black, night.white) == (0, 0, 100)
    assert at_hour(FILM.palette, 1.0) == FILM.palette


def test_at_its_usual_strength_a_style_is_taken_by_its_word() -> None:
    bold = emboldened(FILM, 0.6)

    assert bold.line.weight == pytest.approx(FILM.line.weight)
    assert bold.steps.weight == pytest.approx(FILM.steps.weight)
    assert bold.stroke.size == pytest.approx(FILM.stroke.size)
    assert palette_share(0.6) == presence(0.6) == 1.0


def test_no_strength_takes_an_amount_out_of_bounds() -> None:
    extreme = replace(FILM, line=replace(FILM.line, weight=1.0))

    for strength in (0.0, 0.3, 1.0):
        bold = emboldened(extreme, strength)
        assert 0 <= bold.line.weight <= 1
        assert 0 <= bold.steps.weight <= 1
        assert 0.1 < presence(strength) <= 1


def test_noise_is_told_by_its_seed_and_spans_its_range() -> None:
    one, same, other = (cloudy((90, 140), seed, 4, 5) for seed in (1, 1, 2))

    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.min() == 0
    assert one.max() == 1
    assert abs(float(grainy((200, 200), 3, 1.5).mean())) < 0.05


def test_clouds_stand_above_the_horizon_and_are_lit_from_above() -> None:
    scape = cloudscape((400, 600), 0.6, Clouds(amount=1.0), seed=5)

    rows = len(scape.cover)
    assert scape.cover[round(0.66 * rows) :].max() < 0.3
    assert scape.cover[: round(0.6 * rows)].max() > 0.9
    there = scape.cover > 0.5
    bright = scape.colours.mean(-1)
    height = np.nonzero(there)[0]
    assert bright[there][height < np.median(height)].mean() > bright[there].mean()


def test_another_seed_piles_other_clouds() -> None:
    one, other = (cloudscape((300, 400), 0.7, Clouds(amount=1.0), seed) for seed in (1, 2))

    assert np.abs(one.cover - other.cover).mean() > 0.05
