"""Paints skies: gradients and clouds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.engines.painter.analysis.sky import SkyFound
from pipeline.engines.painter.analysis.sky_mask import blueness
from pipeline.engines.painter.arrays import (
    Colours,
    Plane,
    blur,
    colour,
    look_up,
    luma,
    mix,
    plain,
    ramp,
    resize,
    thrice,
    times,
    unit,
)
from pipeline.engines.painter.filters.noise import cloudy
from pipeline.styles import Clouds, Sky

SIDE_PX = 384
"""Clouds are soft: they are made this small."""

FRINGE_PX = 20
"""So far below the horizon may the feet of clouds and their frayed rims reach."""


@dataclass(frozen=True, slots=True)
class Heap:
    """One cloud: the middle of its foot, half of its width, and its full height, px."""

    x: float
    foot: float
    reach: float
    height: float


@dataclass(frozen=True, slots=True)
class Puff:
    """One ball of a cloud, px."""

    x: float
    y: float
    radius: float
    heap: Heap


@dataclass(frozen=True, slots=True)
class Field:
    """The surface of all puffs: how near each spot is (0: nothing there), and which puff is seen there."""

    near: Plane
    owner: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class CloudScape:
    """Clouds of one sky, small: their cover 0..1 and their RGB."""

    cover: Plane
    colours: Colours


def cloudscape(shape: tuple[int, ...], horizon: float, clouds: Clouds, seed: int) -> CloudScape:
    """Heap clouds into the part of a picture of `shape` that lies above `horizon`."""
    scale = SIDE_PX / max(shape[:2])
    size = (max(16, round(shape[0] * scale)), max(16, round(shape[1] * scale)))
    ground, dice = horizon * size[0], np.random.default_rng(seed)
    heaped = [puff for heap in heaps(size[1], ground, dice) for puff in puffs(heap, dice)]
    above = (min(size[0], int(ground) + FRINGE_PX), size[1])
    field = Field(np.zeros(above, np.float32), np.zeros(above, np.intp))
    for number, puff in enumerate(heaped):
        stamp(field, number, puff)
    return carried_down(painted(field, light_on(field, heaped), clouds, ground, seed), size[0])


def no_clouds(shape: tuple[int, ...]) -> CloudScape:
    """Return a sky that stays clear."""
    return CloudScape(np.zeros(shape[:2], np.float32), np.zeros((*shape[:2], 3), np.float32))


def carried_down(scape: CloudScape, height: int) -> CloudScape:
    """Add the ground's rows, which have no clouds."""
    below = height - len(scape.cover)
    cover = cv2.copyMakeBorder(scape.cover, 0, below, 0, 0, cv2.BORDER_CONSTANT, value=0)
    colours = cv2.copyMakeBorder(scape.colours, 0, below, 0, 0, cv2.BORDER_REPLICATE)
    return CloudScape(cast(Plane, cover), cast(Colours, colours))


def heaps(width: int, ground: float, dice: np.random.Generator) -> Iterator[Heap]:
    """Place a tower on one side, lower banks along the horizon, and a few that drift on the other."""
    side = 1 if dice.random() < 0.5 else -1
    tower = 0.5 + side * dice.uniform(0.22, 0.32)
    size = min(width, 2.2 * ground)
    yield Heap((1 - tower) * width, 0.93 * ground, 0.22 * size, 0.22 * ground)
    yield Heap(dice.uniform(0.42, 0.58) * width, 0.96 * ground, 0.26 * size, 0.13 * ground)
    for shoulder in (-1, 1):
        x = tower * width + shoulder * dice.uniform(0.13, 0.20) * size
        yield Heap(x, 0.92 * ground, 0.17 * size, dice.uniform(0.24, 0.38) * ground)
    yield Heap(tower * width, 0.91 * ground, 0.18 * size, dice.uniform(0.46, 0.60) * ground)
    for height in (0.18, 0.34):
        x = 0.5 - side * dice.uniform(-0.05, 0.42)
        reach = dice.uniform(0.05, 0.09) * size
        yield Heap(x * width, height * ground, reach, dice.uniform(0.5, 0.8) * reach)


def puffs(heap: Heap, dice: np.random.Generator) -> Iterator[Puff]:
    """Pile round puffs on a heap: large ones low in the middle, small ones at the rim."""
    crowd = 16 + 26 * min(1.0, heap.reach / 60)
    for _ in range(round(crowd * min(2.5, max(1.0, heap.height / heap.reach)))):
        side = dice.uniform(-1, 1)
        crown = math.sqrt(1 - side * side)
        up = crown * dice.uniform(0.05, 1.0) ** 0.8
        radius = (0.10 + 0.24 * crown * dice.uniform(0.3, 1)) * min(heap.reach, 1.6 * heap.height)
        x, y = heap.x + 0.9 * side * heap.reach, heap.foot - up * heap.height
        yield Puff(x, y, max(2.0, radius), heap)


def stamp(field: Field, number: int, puff: Puff) -> None:
    """Set one ball into the field wherever it is nearer than what is there."""
    height, width = field.near.shape
    radius, foot = puff.radius, puff.heap.foot + 0.25 * puff.radius
    top, bottom = max(0, int(puff.y - radius)), min(height, int(puff.y + radius) + 2, int(foot) + 1)
    left, right = max(0, int(puff.x - radius)), min(width, int(puff.x + radius) + 2)
    if top >= bottom or left >= right:
        return
    box = (slice(top, bottom), slice(left, right))
    across = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(puff.x)
    down = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(puff.y)
    near = np.float32(radius * radius) - across * across - down * down
    np.sqrt(np.maximum(near, 0, out=near), out=near)
    seen = near > 0
    near += np.float32(0.02 * puff.y)
    seen &= near > field.near[box]
    np.copyto(field.near[box], near, where=seen)
    np.copyto(field.owner[box], number, where=seen)


def light_on(field: Field, heaped: Sequence[Puff]) -> Plane:
    """Light each spot by the way its ball faces, from the upper left, and by its height in its cloud."""
    facts = [(puff.x, puff.y, puff.radius, puff.heap.foot, puff.heap.height) for puff in heaped]
    x, y, radius, foot, height = np.array(facts, np.float32).T[:, field.owner]
    rows, columns = np.indices(field.near.shape, np.float32)
    light: Plane = np.full(field.near.shape, 0.5, np.float32)
    light -= (np.float32(0.34) * (columns - x) + np.float32(0.50) * (rows - y)) / radius
    light += np.float32(0.22) * np.clip((foot - rows) / height, 0, 1)
    return unit(light)


def painted(field: Field, light: Plane, clouds: Clouds, ground: float, seed: int) -> CloudScape:
    """Fray the rims of a lit field with noise, and let it dissolve towards the horizon."""
    there = (field.near > 0).astype(np.float32)
    cover, fine, broad = frayed((blur(there, 0.8), blur(light, 1.6), blur(light, 6.0)), seed)
    soft = unit(cast(Plane, broad / np.maximum(blur(there, 6.0), np.float32(0.3))))
    rows = np.arange(len(cover), dtype=np.float32)[:, None] / np.float32(max(1.0, ground))
    haze = np.float32(clouds.amount) * (np.float32(0.25) + np.float32(0.75) * ramp(rows, 1.0, 0.72))
    return CloudScape(ramp(cover, 0.30, 0.72) * haze, in_tones(mix(fine, soft, 0.4), clouds))


def in_tones(light: Plane, clouds: Clouds) -> Colours:
    """Give light its colours, from shade to what is lit."""
    stops = (0.28, 0.60), (0.66, 0.92)
    first, second = (thrice(ramp(light, *stop)) for stop in stops)
    shade, body, top = (plain(light.shape, colour(code)) for code in tones(clouds))
    below = shade + (body - shade) * first
    toned: Colours = below + (top - below) * second
    return toned


def tones(clouds: Clouds) -> tuple[str, str, str]:
    """Give the three tones, from shade to light."""
    return clouds.shade, clouds.body, clouds.lit


def frayed(planes: tuple[Plane, ...], seed: int) -> list[Plane]:
    """Push planes about by noise, all alike, so that balls look like vapour."""
    height, width = planes[0].shape
    push_x, push_y = (
        (cloudy((height, width), seed + at, 10, 5, 0.62) - np.float32(0.5)) * np.float32(11)
        for at in (1, 2)
    )
    x = np.arange(width, dtype=np.float32)[None, :] + push_x
    y = np.arange(height, dtype=np.float32)[:, None] + push_y
    return [look_up(plane, x, y, cv2.INTER_LINEAR) for plane in planes]


EMPTY, CLOUDED = 0.025, 0.032
"""Cloudiness (spread of blueness): below the first value a sky gets all of the style's clouds, above the
second none."""

WHITER = 0.65
"""Share of the style's white that the photo's own clouds get."""

HAZE = np.float32(0.03)
"""Blueness below which haze and clouds cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Skyscape:
    """What is to be done to a picture's sky."""

    shift: Colours
    """What each spot gains: from the sky's own clear blue to the style's, and from its clouds to white."""
    stars: Plane | None
    clouds: Colours
    cloud_cover: Plane
    plain: Plane
    """Luma of the style's gradient, one per row (H x 1)."""


def skyscape(half: Colours, found: SkyFound, sky: Sky, seed: int) -> Skyscape:
    """Prepare the sky of a photo (`half`: without its grain) at half its size."""
    height = half.shape[0]
    cover = found.cover(half)
    emptiness = float(1 - ramp(np.array([found.cloudiness], np.float32), EMPTY, CLOUDED)[0])
    added = sky.weight * emptiness
    scape = (
        cloudscape(half.shape, found.horizon, sky.clouds, seed)
        if added > 0
        else no_clouds(half.shape)
    )
    target = gradient(sky, found)
    blue = blue_part(half, found)
    share = cover * above(found.horizon, height) * np.float32(sky.weight)
    return Skyscape(
        shift=blue_shift(resize(target - found.clear, (height, 1)), share * blue)
        + cloud_shift(half, found, share * (1 - blue), sky),
        stars=stars(half.shape, sky.stars, seed) * cover * cover if sky.stars > 0 else None,
        clouds=resize(scape.colours, half.shape),
        cloud_cover=resize(scape.cover, half.shape) * cover * cover * np.float32(added),
        plain=resize(luma(target), (height, 1)),
    )


def with_sky(picture: Colours, sky: Skyscape) -> Colours:
    """Shift the sky's colour, and paint stars and clouds behind everything that stands before it.

    Shifting instead of replacing keeps the photo's own clouds. Where the mask errs, at a branch or at
    lacework, the colour is only a little off. Birds and wires that darken the sky darken the clouds.
    """
    if not sky.shift.any():
        return picture
    out = unit(picture + sky.shift)
    if sky.stars is not None:
        # Stars before clouds: clouds hide them.
        out = mix(out, np.ones_like(out), sky.stars)
    if not sky.cloud_cover.any():
        return out
    dimmed = luma(out)
    dimmed /= sky.plain
    dimmed += np.float32(0.03)
    np.clip(dimmed, 0.3, 1, out=dimmed)
    return mix(out, times(sky.clouds, dimmed), sky.cloud_cover)


def gradient(sky: Sky, found: SkyFound) -> Colours:
    """Lay the style's three sky colours over the rows down to the horizon (H x 1 x 3)."""
    height = len(found.clear)
    reach = np.arange(height) / (max(found.horizon, 0.25) * height)
    stops = [colour(code) for code in (sky.top, sky.middle, sky.horizon)]
    channels = [np.interp(reach, (0, 0.55, 1), channel) for channel in zip(*stops, strict=True)]
    return np.stack(channels, -1)[:, None].astype(np.float32)


def blue_part(half: Colours, found: SkyFound) -> Plane:
    """Say how much of the clear sky's blue each spot has, 0..1: clouds have little and stay white."""
    height = half.shape[0]
    clear = resize(blueness(found.clear), (height, 1)) + HAZE
    return unit((blueness(half) + HAZE) / clear)


def blue_shift(rows: Colours, share: Plane) -> Colours:
    """Spread a shift per row (H x 1 x 3) over a plane of shares."""
    return cast(Colours, cv2.merge([share * rows[..., channel] for channel in range(3)]))


def cloud_shift(half: Colours, found: SkyFound, share: Plane, sky: Sky) -> Colours:
    """Lighten clouds as much as the sky behind them, towards the style's white: else they drown in it."""
    clear = resize(luma(found.clear), (half.shape[0], 1))
    lighter = ramp(luma(half) - clear, 0.02, 0.20) * share * np.float32(WHITER)
    return times(plain(half.shape, colour(sky.clouds.lit)) - half, lighter)


def above(horizon: float, height: int) -> Plane:
    """Fade from 1 above the horizon to a quarter below it, where hazy water may lie (H x 1)."""
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    return np.float32(0.25) + np.float32(0.75) * ramp(rows, horizon + 0.06, horizon - 0.02)


def stars(shape: tuple[int, ...], amount: float, seed: int) -> Plane:
    """Scatter stars of several sizes, fewer towards the ground."""
    height, width = shape[:2]
    scale = float(np.sqrt(height * width)) / 900
    dice = np.random.default_rng(seed + 41)
    night = np.zeros((height, width), np.float32)
    for _ in range(round(260 * amount)):
        x, y, bright = dice.random() * width, dice.random() ** 1.4 * height, dice.random() ** 3
        spot = ((x, y), (scale * (1.2 + 2.2 * bright),) * 2, 0.0)
        cv2.ellipse(night, spot, 0.35 + 0.65 * bright, -1, cv2.LINE_AA)
    return blur(night, 0.5 * scale)
