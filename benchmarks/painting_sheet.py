"""Photos and their paintings side by side, at full size: `python -m benchmarks.painting_sheet [OUT]`.

Without `--photos` it uses the test photos. The 29 photos of `benchmarks/sheet_photos.tsv` have free licences
but are not in this repository; they are in the packages named there:

    apt-get download plasma-workspace-wallpapers lomiri-wallpapers-16.04 mate-backgrounds opencv-doc
    pip download --no-deps --no-binary :all: face_recognition && pip download --no-deps scikit-image
    # unpack all of them into one folder
    python -m benchmarks.painting_sheet out/sheet --photos FOLDER --before out/earlier-sheet
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.contact_sheet import laid_out, tile
from benchmarks.painter import SIDE_PX, at_side, opened, painted
from pipeline.engine import RGB
from pipeline.engines.painter import Painter
from pipeline.styles import load_styles

LIST = Path(__file__).with_name("sheet_photos.tsv")

FLAT_LEVELS = 1.5
"""Gradient in grey levels per px below which a pixel counts as flat."""


def main() -> None:
    """Write a row per photo, the paintings, blind pairs, and an overview at a quarter of the size."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("out", nargs="?", type=Path, default=Path("out/sheet"))
    arguments.add_argument("--photos", type=Path, help="folder with the unpacked packages")
    arguments.add_argument("--before", type=Path, help="an earlier OUT, to show its paintings, too")
    arguments.add_argument("--style", default="film")
    options = arguments.parse_args()
    photos = listed(options.photos) if options.photos else opened([])
    painter, style = Painter(), load_styles()[options.style]
    (options.out / "paintings").mkdir(parents=True, exist_ok=True)
    rows = []
    for name, photo in photos.items():
        picture = painted(painter, photo, style)
        Image.fromarray(picture).save(options.out / "paintings" / f"{name}.png")
        row = row_of(photo, picture, options.before, name)
        Image.fromarray(np.hstack(list(row.values()))).save(options.out / f"{name}.png")
        write_pairs(row, options.out / "pairs", name)
        rows.append(row)
        print(
            f"{name}: flat {flat_share(photo):.2f} in the photo, {flat_share(picture):.2f} in the painting"
        )
    shares = [flat_share(row["after"]) for row in rows]
    print(f"flat, mean over {len(rows)} paintings: {sum(shares) / len(shares):.2f}")
    tiles = [[tile(picture, SIDE_PX // 4) for picture in row.values()] for row in rows]
    laid_out(list(rows[0]), tiles, SIDE_PX // 4).save(options.out / "all.png")


def listed(folder: Path) -> dict[str, RGB]:
    """Open the photos of the list that are in the folder or below it; print missing ones to stderr."""
    photos = {}
    with LIST.open(newline="") as lines:
        for line in csv.DictReader(lines, delimiter="\t"):
            found = sorted(folder.rglob(line["file"]))
            if found:
                pixels = np.asarray(Image.open(found[0]).convert("RGB"), np.uint8)
                photos[line["name"]] = at_side(pixels, SIDE_PX)
            else:
                print(f"{line['name']}: no {line['file']} in {folder}", file=sys.stderr)
    return photos


def row_of(photo: RGB, after: RGB, before: Path | None, name: str) -> dict[str, RGB]:
    """Return the pictures of one row by their headings."""
    row = {
        "photo": photo,
        "cv2.stylization": np.asarray(cv2.stylization(photo, sigma_s=60, sigma_r=0.45), np.uint8),
    }
    earlier = before / "paintings" / f"{name}.png" if before else None
    if earlier is not None and earlier.exists():
        row["before"] = np.asarray(Image.open(earlier).convert("RGB"), np.uint8)
    return row | {"after": after}


def write_pairs(row: Mapping[str, RGB], folder: Path, name: str) -> None:
    """Write pairs of the painting and each alternative in random order; `key.tsv` contains the order."""
    folder.mkdir(exist_ok=True)
    for rival in ("cv2.stylization", "before"):
        if rival in row:
            order: Sequence[str] = ["after", rival]
            order = random.Random(f"{name} {rival}").sample(order, 2)
            pair = folder / f"{name}-{'a' if rival == 'before' else 'b'}.png"
            Image.fromarray(np.hstack([row[side] for side in order])).save(pair)
            with (folder / "key.tsv").open("a") as key:
                key.write(f"{pair.name}\t{order[0]}\t{order[1]}\n")


def flat_share(picture: RGB) -> float:
    """Return the share of pixels with a gradient below `FLAT_LEVELS`."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    across, down = (cv2.Sobel(grey, -1, *axes, scale=0.125) for axes in ((1, 0), (0, 1)))
    return float((cv2.magnitude(across, down) < FLAT_LEVELS).mean())


if __name__ == "__main__":
    main()
