"""Update the lock files in requirements/ from pyproject.toml: exact versions with hashes, for pip.

`python -m tools.lock` writes `runtime.txt` (dependencies of the bot), `gpu.txt` (with the extra `gpu`),
`dev.txt` (with the dependency group `dev`) and `build.txt` (for building the wheel in the images). All files
come from one resolution, so that a package has the same version in each.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FILES = {
    "runtime": [],
    "gpu": ["--extra", "gpu"],
    "dev": ["--group", "dev"],
    "build": ["--only-group", "build"],
}


def main() -> None:
    """Resolve once, then export one file per use."""
    root = Path(__file__).parents[1]
    uv = [sys.executable, "-m", "uv"]
    resolution = root / "uv.lock"
    try:
        subprocess.run([*uv, "lock", "--quiet", "--upgrade"], cwd=root, check=True)
        for name, choice in FILES.items():
            subprocess.run(
                [*uv, "export", "--quiet", "--frozen", "--no-default-groups", "--no-emit-project",
                 "--no-annotate", "--no-header", *choice, "-o", f"requirements/{name}.txt"],
                cwd=root, check=True,
            )  # fmt: skip
            print(f"requirements/{name}.txt")
    finally:
        resolution.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
