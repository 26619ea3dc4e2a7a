"""The engines that paint. Each is imported only when it is asked for: one of them needs a GPU."""

from __future__ import annotations

from pipeline.contract import Engine, EngineUnusable

ENGINES = ("painter",)


def load_engine(name: str) -> Engine:
    """Bring up an engine by name, not warmed up yet. Raises `EngineUnusable` for an unknown one."""
    if name == "painter":
        from pipeline.engines.painter import Painter

        return Painter()
    raise EngineUnusable(f"There is no engine `{name}`; there are: {', '.join(ENGINES)}.")
