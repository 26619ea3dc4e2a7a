from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from bots.findings import Severity
from bots.x.client import XClient
from bots.x.doctor import check
from bots.x.listener.webhook import PATH
from bots.x.webhook_admin import NotDelivered, WebhookAdmin
from tasks.services import Services
from tests.fakes.x_api import FakeX
from tests.fakes.x_hooks import APP_BEARER
from tests.fakes.x_problems import NOT_ENROLLED
from tests.fakes.x_words import POST, Words


@pytest.fixture
def words() -> Words:
    """One vocabulary is enough here: the one of X's description."""
    return POST


@pytest.fixture
def deliveries(connect: Callable[..., XClient]) -> WebhookAdmin:
    """X's list of what it delivers where, with the app's key."""
    return WebhookAdmin(connect(app_bearer=APP_BEARER))


def test_x_delivers_mentions_and_messages_once_the_server_answers(
    fake: FakeX, web: httpx.Client, deliveries: WebhookAdmin
) -> None:
    hook = deliveries.start(str(web.base_url))

    assert hook.url == f"{web.base_url}{PATH}"
    assert hook.valid
    assert set(hook.events) == {"post.mention.create", "post.reply.create", "dm.received"}
    assert deliveries.hooks() == [hook]


def test_asking_again_changes_nothing(
    fake: FakeX, web: httpx.Client, deliveries: WebhookAdmin
) -> None:
    first = deliveries.start(str(web.base_url))
    assert deliveries.start(first.url) == first
    assert fake.count("POST /2/webhooks") == 1
    assert fake.count("POST /2/activity/subscriptions") == 3


def test_without_direct_messages_only_mentions_are_delivered(
    web: httpx.Client, connect: Callable[..., XClient]
) -> None:
    mentions_only = WebhookAdmin(connect(app_bearer=APP_BEARER, direct_messages=False))
    assert mentions_only.start(str(web.base_url)).events == (
        "post.mention.create",
        "post.reply.create",
    )


def test_off_removes_the_address_and_what_was_delivered_there(
    fake: FakeX, web: httpx.Client, deliveries: WebhookAdmin
) -> None:
    deliveries.start(str(web.base_url))

    assert [deliveries.stop(), deliveries.stop()] == [1, 0]

    assert deliveries.hooks() == []
    assert fake.count("DELETE /2/activity/subscriptions") == 1


def test_a_server_that_does_not_answer_the_challenge_is_explained(
    fake: FakeX, deliveries: WebhookAdmin
) -> None:
    with pytest.raises(NotDelivered, match=r"CRC.*SUISAI_X_WEBHOOKS=true"):
        deliveries.start("http://127.0.0.1:9")


def test_a_refused_subscription_says_what_x_said(
    fake: FakeX, web: httpx.Client, deliveries: WebhookAdmin
) -> None:
    fake.faults.add(NOT_ENROLLED.at("POST /2/activity/subscriptions"))
    with pytest.raises(NotDelivered, match=r"post\.mention\.create.*attached to a Project.*login"):
        deliveries.start(str(web.base_url))

    # The other events are delivered all the same.
    (hook,) = deliveries.hooks()
    assert set(hook.events) == {"post.reply.create", "dm.received"}


def test_without_the_apps_key_the_operator_is_told_what_to_set(
    fake: FakeX, connect: Callable[..., XClient]
) -> None:
    with pytest.raises(NotDelivered, match="SUISAI_X_APP_BEARER"):
        WebhookAdmin(connect()).hooks()


def test_the_doctor_looks_whether_x_delivers(
    fake: FakeX,
    web: httpx.Client,
    services: Services,
    deliveries: WebhookAdmin,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SUISAI_X_APP_BEARER", APP_BEARER)

    def light() -> Severity:
        return next(each.severity for each in check(services) if each.what == "X webhooks")

    assert light() is Severity.WARNING
    deliveries.start(str(web.base_url))
    assert light() is Severity.OK
    monkeypatch.setenv("SUISAI_X_APP_BEARER", "revoked")
    assert light() is Severity.WARNING
