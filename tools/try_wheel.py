"""Build the wheel, install it into a new environment and use it outside the checkout.

Detects files that are missing in the wheel (data, modules, `py.typed`). Tests in the checkout cannot, because
Python finds the sources there.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

_NEEDED = ("bots/py.typed", "tasks/py.typed", "pipeline/py.typed")


def main() -> None:
    """Build, install, paint one photo. Exits with the first failing step's code."""
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        pip = [sys.executable, "-m", "pip"]
        _run([*pip, "wheel", "--quiet", "--no-deps", "-w", folder, str(root)], place)
        (wheel,) = place.glob("suisai-*.whl")
        venv.create(place / "env", with_pip=True)
        python = str(place / "env/bin/python")
        locked = str(root / "requirements/runtime.txt")
        _run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", locked], place)
        _run([python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], place)
        files = subprocess.run(
            [python, "-m", "zipfile", "-l", str(wheel)], check=True, capture_output=True, text=True
        ).stdout
        missing = [name for name in _NEEDED if name not in files]
        if missing:
            sys.exit(f"The wheel lacks {', '.join(missing)}.")
        suisai = str(place / "env/bin/suisai")
        photo = str(root / "bots/samples/astronaut.jpg")
        _run([suisai, "stylize", photo, "-o", str(place / "painting.jpg")], place)
        _run([suisai, "styles"], place)
    print(f"{wheel.name} works outside the checkout.")


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
