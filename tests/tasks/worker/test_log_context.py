"""Log lines that are written while a job is processed contain the job's id."""

from __future__ import annotations

import json
from collections.abc import Callable

from tasks.models import PaintRequest
from tasks.services import Services
from tests.stack import Stack, eventually


def test_log_lines_of_libraries_contain_the_job(
    services: Services, stack: Stack, make_request: Callable[..., PaintRequest]
) -> None:
    # This platform is not installed, so that the worker logs an error.
    stack.start("io", "worker", "io")
    job_id = getattr(services.ledger.admit(make_request(platform="nowhere")), "job_id", "")

    def complaint() -> dict[str, str] | None:
        lines = [json.loads(line) for line in stack.log("io").splitlines() if line.startswith("{")]
        return next(
            (line for line in lines if line.get("event", "").startswith("stage_failed")), None
        )

    assert eventually(complaint)["job"] == job_id
