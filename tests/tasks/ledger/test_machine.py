"""A stateful test: the ledger and a simple model agree after any sequence of steps."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tasks.ledger.ledger import LeaseLost, UnknownJob
from tasks.models import Admitted, Claim, Outcome, PaintRequest, PhotoRef, Stage
from tasks.services import open_services
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey

PEOPLE = st.sampled_from(["ann", "bob"])
STAGES = st.sampled_from(list(Stage))
WORKERS = st.sampled_from(["one", "other"])


@dataclass
class JobModel:
    """The expected state of one job."""

    person: str
    stage: Stage | None = Stage.FETCH
    holder: int | None = None
    """Fence of the claim that holds it."""
    sending: bool = False
    """An intent is written and was not taken back."""
    answers: int = 0
    forgotten: bool = False
    passed: set[int] = field(default_factory=set)
    """Fences whose holder has already completed."""
    worker: str | None = None
    """Whose death it would have to answer for."""
    suspect: bool = False
    fails: int = 0

    def move_to(self, stage: Stage | None) -> None:
        """Go on to another stage, where earlier trouble is forgotten, or stay."""
        if stage is not self.stage:
            self.suspect, self.fails = False, 0
        self.stage = stage

    def let_go(self) -> None:
        """Check that no worker holds the job."""
        self.holder, self.worker = None, None


class LedgerMachine(RuleBasedStateMachine):
    """People, workers, crashes and the sweep, in any order."""

    claims: Bundle[Claim] = Bundle("claims")
    server: EmbeddedValkey
    data_dir: Path

    def __init__(self) -> None:
        super().__init__()
        self.namespace = f"machine-{secrets.token_hex(4)}"
        settings = Settings(
            data_dir=self.data_dir,
            redis_url=self.server.url,  # type: ignore[arg-type] # pydantic makes a secret of it
            pseudonym_key="a key for tests only",  # type: ignore[arg-type] # as above
            namespace=self.namespace,
            max_attempts=3,
            limits=Limits(
                cooldown_s=0,
                daily_quota=10**6,
                open_per_person=10**6,
                open_per_conversation=10**6,
                max_wait_s=10**6,
            ),
        )
        self.services = open_services(settings, lambda _: None)
        self.ledger = self.services.ledger
        self.redis: Any = self.services.redis
        self.jobs: dict[str, JobModel] = {}

    def teardown(self) -> None:
        self.redis.close()

    @rule(person=PEOPLE, count=st.integers(1, 3))
    def admit(self, person: str, count: int) -> None:
        for _ in range(count):
            photo = PhotoRef("p")
            answer = self.ledger.admit(
                PaintRequest("web", secrets.token_hex(6), person, "here", (photo,))
            )
            assert isinstance(answer, Admitted)
            self.jobs[answer.job_id] = JobModel(person)

    @rule(target=claims, stage=STAGES, most=st.integers(1, 3), worker=WORKERS)
    def claim(self, stage: Stage, most: int, worker: str) -> Any:
        claims = self.ledger.claim(stage, most, worker)
        for claim in claims:
            model = self.jobs[claim.job.id]
            assert model.stage is stage
            assert model.holder is None, "two workers hold one job"
            assert claim.ambiguous == model.sending
            assert claim.suspect == model.suspect
            if claim.suspect:
                assert len(claims) == 1
                assert not any(held.suspect for held in self._claims_of(worker)), (
                    "two suspects at once"
                )
            model.holder, model.worker = claim.fence, worker
        return multiple(*claims)

    def _claims_of(self, worker: str | None) -> list[JobModel]:
        return [model for model in self.jobs.values() if worker and model.worker == worker]

    def _holds(self, claim: Claim) -> bool:
        model = self.jobs[claim.job.id]
        return model.holder == claim.fence and model.stage is claim.stage

    def _step(self, claim: Claim, act: Any, *args: Any, **more: Any) -> bool:
        """Take a step; it must fail exactly for those who do not hold the job. True: it was taken."""
        model = self.jobs[claim.job.id]
        if self._holds(claim):
            act(claim, *args, **more)
            model.let_go()
            model.passed.add(claim.fence)
            return True
        repeated = claim.fence in model.passed and claim.fence == max(model.passed)
        try:
            act(claim, *args, **more)
        except LeaseLost:
            assert not repeated or model.forgotten
            return False
        assert repeated, "completed without the lease"
        return False

    @rule(claim=claims, paint_key=st.sampled_from(["", "sunset"]))
    def advance(self, claim: Claim, paint_key: str) -> None:
        model = self.jobs[claim.job.id]
        if claim.stage is Stage.FETCH:
            if self._step(
                claim, self.ledger.transitions.fetched, ["photos/1"], "square", paint_key
            ):
                model.move_to(self._stage_of(claim))
        elif claim.stage is Stage.RENDER:
            if self._step(claim, self.ledger.transitions.painted, [f"pictures/{claim.job.id}"]):
                model.move_to(Stage.DELIVER)
                self._follow_waiters()
        elif self._holds(claim):
            self.ledger.record_send_intent(claim)
            model.sending = True

    def _stage_of(self, claim: Claim) -> Stage:
        """Read where a fetched job went; the shared paintings decide between two stages."""
        stage = self.ledger.job(claim.job.id).stage
        assert stage in (Stage.RENDER, Stage.DELIVER)
        return stage

    def _follow_waiters(self) -> None:
        for job_id, model in self.jobs.items():
            if model.stage is Stage.RENDER and model.holder is None:
                model.move_to(self.ledger.job(job_id).stage)

    @rule(claim=consumes(claims))
    def finish(self, claim: Claim) -> None:
        if claim.stage is not Stage.DELIVER:
            return
        model = self.jobs[claim.job.id]
        sent = self._holds(claim) and model.sending
        if not sent:
            return
        assert self._step(claim, self.ledger.transitions.finish, Outcome.ANSWERED, receipt="r")
        model.stage, model.sending, model.answers = None, False, model.answers + 1

    @rule(claim=claims, maybe_sent=st.booleans())
    def fail(self, claim: Claim, maybe_sent: bool) -> None:
        model = self.jobs[claim.job.id]
        if self._step(claim, self.ledger.transitions.fail, "trouble", 3, maybe_sent=maybe_sent):
            model.sending = model.sending and maybe_sent
            model.fails += 1
            self._follow(claim.job.id)

    @rule(claim=claims, maybe_sent=st.booleans())
    def bear(self, claim: Claim, maybe_sent: bool) -> None:
        model = self.jobs[claim.job.id]
        if self._step(
            claim, self.ledger.transitions.retry_fault, "trouble elsewhere", maybe_sent=maybe_sent
        ):
            model.sending = model.sending and maybe_sent
            self._follow(claim.job.id)

    @rule(claim=claims)
    def release(self, claim: Claim) -> None:
        model = self.jobs[claim.job.id]
        if self._step(claim, self.ledger.transitions.release, "stop", maybe_sent=model.sending):
            self._follow(claim.job.id)

    @rule(claim=claims)
    def crash(self, claim: Claim) -> None:
        """Its worker dies, the clock jumps past this lease first, the sweep comes by."""
        leases = f"{self.namespace}:leases:{claim.stage}"
        if not self._holds(claim):
            return
        self.redis.zadd(leases, {claim.job.id: 1}, xx=True)
        assert self.ledger.sweep()[0] >= 1
        model = self.jobs[claim.job.id]
        held_jobs = self._claims_of(model.worker)
        model.fails += len(held_jobs) == 1
        model.suspect = True
        for held in held_jobs:
            held.suspect, held.worker = True, None
        model.let_go()
        self._follow(claim.job.id)

    def _follow(self, job_id: str) -> None:
        """After a failure the job is where it was, or, given up, in delivery or ended; never elsewhere."""
        model, now = self.jobs[job_id], self.ledger.job(job_id).stage
        assert now in (model.stage, Stage.DELIVER, None)
        if now is None:
            assert model.stage is Stage.DELIVER
            model.sending = False
        model.move_to(now)
        self.ledger.serve_waiters()
        self._follow_waiters()

    @rule()
    def time_passes(self) -> None:
        for job_id in self.redis.zrange(f"{self.namespace}:delayed", 0, -1):
            self.redis.zadd(f"{self.namespace}:delayed", {job_id: 1}, xx=True)
        self.ledger.sweep()
        self.ledger.serve_waiters()
        self._follow_waiters()

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if not self.jobs:
            return
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        model = self.jobs[job_id]
        may = model.stage is not None and not model.sending and not model.forgotten
        assert self.ledger.cancel(job_id, model.person) == may
        if may:
            model.stage = None
            model.let_go()
            self.ledger.serve_waiters()
            self._follow_waiters()

    @rule(person=PEOPLE)
    def forget(self, person: str) -> None:
        self.services.users.forget("web", person)
        for model in self.jobs.values():
            if model.person == person:
                model.stage, model.sending, model.forgotten = None, False, True
                model.let_go()
        self.ledger.serve_waiters()
        self._follow_waiters()

    @invariant()
    def no_job_is_answered_twice(self) -> None:
        assert all(model.answers <= 1 for model in self.jobs.values())

    @invariant()
    def every_open_job_is_in_exactly_one_place(self) -> None:
        places: dict[str, int] = {}
        for pattern in ("ready:*", "leases:*", "delayed"):
            for key in self.redis.keys(f"{self.namespace}:{pattern}"):
                for job_id in self.redis.zrange(key, 0, -1):
                    places[job_id] = places.get(job_id, 0) + 1
        for key in self.redis.keys(f"{self.namespace}:waiters:*"):
            for job_id in self.redis.smembers(key):
                places[job_id] = places.get(job_id, 0) + 1
        still_open = {job_id for job_id, model in self.jobs.items() if model.stage is not None}
        assert places == dict.fromkeys(still_open, 1)

    @invariant()
    def the_records_and_counts_agree(self) -> None:
        for job_id, model in self.jobs.items():
            try:
                job = self.ledger.job(job_id)
                assert job.stage is model.stage
                assert job.stage is None or job.attempts == model.fails, "an innocent pays"
            except UnknownJob:
                assert model.forgotten
        still_open = sum(model.stage is not None for model in self.jobs.values())
        assert int(self.redis.hget(f"{self.namespace}:unanswered", "web") or 0) == still_open
        assert int(self.redis.hget(f"{self.namespace}:open_in_chat", "web:here") or 0) == still_open


@pytest.mark.timeout(300)
def test_the_ledger_and_its_model_agree_after_any_steps(
    valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    LedgerMachine.server, LedgerMachine.data_dir = valkey, tmp_path
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
