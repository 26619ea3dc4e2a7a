from __future__ import annotations

import numpy as np

from pipeline.engines.painter.analysis.structure_tensor import flow_of


def test_the_flow_does_not_depend_on_where_its_planes_lie_in_memory() -> None:
    rng = np.random.default_rng(1)
    picture = rng.random((96, 120), np.float32)
    # Results that are kept, and blocks of many lengths between them, put each result at another address.
    kept = []
    for _ in range(40):
        flow = flow_of(picture, 1.0)
        kept.append((flow, np.empty(int(rng.integers(1, 4000)), np.float32)))

    assert len({flow.force.tobytes() for flow, _ in kept}) == 1
    assert len({flow.lean.tobytes() for flow, _ in kept}) == 1
