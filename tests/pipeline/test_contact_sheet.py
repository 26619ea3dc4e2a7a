from __future__ import annotations

from pipeline.comparison import columns_for, style_sheet
from pipeline.engines import load_engine
from pipeline.styles import load_styles
from tests.photos import photo


def test_a_sheet_shows_the_photo_and_every_style() -> None:
    cat = photo("cat", 96)

    sheet = style_sheet(cat, load_engine("painter"))

    tiles = 1 + len(load_styles())
    assert sheet.shape[0] * sheet.shape[1] > tiles * cat.shape[0] * cat.shape[1]
    assert (sheet[16 : 16 + cat.shape[0], 16 : 16 + cat.shape[1]] == cat).all()


def test_tall_photos_have_more_columns_than_wide_ones() -> None:
    assert columns_for(9, aspect=0.5) == 4
    assert columns_for(9, aspect=1.0) == 3
    assert columns_for(9, aspect=3.0) == 2
