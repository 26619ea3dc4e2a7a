"""Invented clouds: heaps of round puffs with flat feet, lit from the upper left in three soft tones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.noise import cloudy
from pipeline.engines.painter.planes import Colours, Plane, blur, colour, look_up, mix, ramp, unit
from pipeline.styles import Clouds

SIDE_PX = 384
"""Clouds are soft: they are made this small."""


@dataclass(frozen=True, slots=True)
class Heap:
    """One cloud: the middle of its foot, half its width and its height, px."""

    x: float
    foot: float
    reach: float
    height: float


@dataclass(frozen=True, slots=True)
class Field:
    """The surface of all puffs: how near each spot is, and which way it faces."""

    near: Plane
    facing_x: Plane
    facing_y: Plane
    rise: Plane
    """Height above the foot of its cloud, 0..1."""


@dataclass(frozen=True, slots=True)
class CloudScape:
    """Clouds of one sky, small: their cover 0..1 and their RGB."""

    cover: Plane
    colours: Colours


def cloudscape(shape: tuple[int, ...], horizon: float, clouds: Clouds, seed: int) -> CloudScape:
    """Heap clouds into the part of a picture of `shape` that lies above `horizon`."""
    scale = SIDE_PX / max(shape[:2])
    size = (max(16, round(shape[0] * scale)), max(16, round(shape[1] * scale)))
    dice = np.random.default_rng(seed)
    field = Field(*(np.zeros(size, np.float32) for _ in range(4)))
    for heap in heaps(size[1], horizon * size[0], dice):
        for x, y, radius in puffs(heap, dice):
            stamp(field, heap, x, y, radius)
    return lit(field, clouds, horizon * size[0], seed)


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


def puffs(heap: Heap, dice: np.random.Generator) -> Iterator[tuple[float, float, float]]:
    """Pile round puffs (x, y, radius) on a heap: large ones low in the middle, small ones at the rim."""
    crowd = 16 + 26 * min(1.0, heap.reach / 60)
    for _ in range(round(crowd * min(2.5, max(1.0, heap.height / heap.reach)))):
        side = dice.uniform(-1, 1)
        crown = math.sqrt(1 - side * side)
        up = crown * dice.uniform(0.05, 1.0) ** 0.8
        radius = (0.10 + 0.24 * crown * dice.uniform(0.3, 1)) * min(heap.reach, 1.6 * heap.height)
        yield heap.x + 0.9 * side * heap.reach, heap.foot - up * heap.height, max(2.0, radius)


def stamp(field: Field, heap: Heap, x: float, y: float, radius: float) -> None:
    """Set one ball into the field wherever it is nearer than what is there."""
    height, width = field.near.shape
    top, bottom = max(0, int(y - radius)), min(height, int(y + radius) + 2)
    left, right = max(0, int(x - radius)), min(width, int(x + radius) + 2)
    if top >= bottom or left >= right:
        return
    box = (slice(top, bottom), slice(left, right))
    across = (np.arange(left, right, dtype=np.float32)[None, :] - np.float32(x)) / np.float32(
        radius
    )
    rows = np.arange(top, bottom, dtype=np.float32)[:, None]
    down = (rows - np.float32(y)) / np.float32(radius)
    depth = 1 - across * across - down * down
    near = np.sqrt(np.maximum(depth, 0)) * np.float32(radius) + np.float32(0.02 * y)
    mine = (depth > 0) & (near > field.near[box]) & (rows < heap.foot + 0.25 * radius)
    rise = np.clip((heap.foot - rows) / np.float32(heap.height), 0, 1)
    for plane, value in (
        (field.near, near),
        (field.facing_x, across),
        (field.facing_y, down),
        (field.rise, rise),
    ):
        np.copyto(plane[box], value, where=mine)


def lit(field: Field, clouds: Clouds, ground: float, seed: int) -> CloudScape:
    """Light the field, fray its rims with noise, and let it dissolve towards the horizon."""
    light: Plane = np.full(field.near.shape, 0.5, np.float32)
    light -= np.float32(0.34) * field.facing_x + np.float32(0.50) * field.facing_y
    light += np.float32(0.22) * field.rise
    light = unit(light)
    there = (field.near > 0).astype(np.float32)
    cover, fine, broad = frayed((blur(there, 0.8), blur(light, 1.6), blur(light, 6.0)), seed)
    soft = unit(cast(Plane, broad / np.maximum(blur(there, 6.0), np.float32(0.3))))
    light = mix(fine, soft, 0.4)
    shade, body, top = (np.array(colour(code), np.float32) for code in tones(clouds))
    colours = shade + (body - shade) * ramp(light, 0.28, 0.60)[..., None]
    colours = colours + (top - colours) * ramp(light, 0.66, 0.92)[..., None]
    rows = np.arange(len(cover), dtype=np.float32)[:, None] / np.float32(max(1.0, ground))
    haze = 0.25 + 0.75 * ramp(rows, 1.0, 0.72)
    return CloudScape(ramp(cover, 0.30, 0.72) * haze * np.float32(clouds.amount), colours)


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
