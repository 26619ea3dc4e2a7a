"""Secrets never appear in the output, by whichever method they are written."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tasks.telemetry.redaction import HIDDEN, Redactor, redact_everything
from tests.tasks.leaky_process import SECRETS, TOKEN

METHODS = (
    "log_plainly", "log_wrongly", "log_errors", "log_by_a_later_handler", "log_events", "warn", "fail",
    "fail_in_a_thread", "fail_unseen", "fail_in_a_forgotten_task", "ask_over_http", "ask_telegram",
)  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_a_process_writes_no_secret_in_any_way(method: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.tasks.leaky_process", method], capture_output=True, text=True
    )
    written = run.stdout + run.stderr
    assert HIDDEN in written
    assert [secret for secret in SECRETS if secret in written] == []


@pytest.fixture
def ordinary_logging() -> Iterator[None]:
    saved = (logging.getLogRecordFactory(), sys.excepthook, sys.unraisablehook)
    yield
    logging.setLogRecordFactory(saved[0])
    sys.excepthook, sys.unraisablehook = saved[1:]
    logging.captureWarnings(False)


@pytest.mark.usefixtures("ordinary_logging")
def test_lines_without_secrets_are_unchanged(caplog: pytest.LogCaptureFixture) -> None:
    redact_everything(Redactor(["a-secret-word"]))
    with caplog.at_level(logging.INFO):
        logging.getLogger("a").info('%s - "%s" %d', "1.2.3.4", "GET /", 200)
    assert caplog.records[0].args == ("1.2.3.4", "GET /", 200)
    assert caplog.messages == ['1.2.3.4 - "GET /" 200']


@pytest.mark.usefixtures("ordinary_logging")
def test_a_new_redactor_replaces_the_previous_one() -> None:
    redact_everything(Redactor(["first-secret"]))
    redact_everything(Redactor(["second-secret"]))
    make = logging.getLogRecordFactory()
    record = make("n", 20, "p", 1, "first-secret second-secret", (), None)
    assert record.getMessage() == f"first-secret {HIDDEN}"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"GET /file/bot{TOKEN}/photos/1.jpg", f"GET /file/bot{HIDDEN}/photos/1.jpg"),
        ("Proxy: Bearer abc.DEF-123", f"Proxy: Bearer {HIDDEN}"),
        ("[(b'authorization', b'Bearer abcdef')]", f"[(b'authorization', b'{HIDDEN}')]"),
        (
            'OAuth oauth_token="a-b", oauth_signature="c%3D"',
            f'OAuth oauth_token="{HIDDEN}", oauth_signature="{HIDDEN}"',
        ),
        ("redis://:pw@cache:6379/0", f"redis://{HIDDEN}@cache:6379/0"),
        ('{"client_secret": "x", "n": 1}', f'{{"client_secret": "{HIDDEN}", "n": 1}}'),
        ("?access_token=abc&style=film", f"?access_token={HIDDEN}&style=film"),
        ("the token was refused at 12:30:45", "the token was refused at 12:30:45"),
        ("job 1234567:8 took 3.5 s", "job 1234567:8 took 3.5 s"),
    ],
)
def test_text_that_looks_like_a_secret_is_redacted(text: str, redacted: str) -> None:
    assert Redactor()(text) == redacted


@given(before=st.text(), secret=st.text(min_size=6), after=st.text())
@example(before="", secret="https://[::1", after="")
def test_a_known_secret_is_redacted_in_any_text(before: str, secret: str, after: str) -> None:
    assume(secret not in HIDDEN and not {"[", "]"} & set(secret))
    assert secret not in Redactor([secret])(before + secret + after)


def test_the_password_in_a_secret_url_is_redacted() -> None:
    redactor = Redactor(["rediss://:pa%24%24word@cache:6379/0"])
    written = "AUTH pa$$word failed; AUTH pa%24%24word failed"
    assert redactor(written) == f"AUTH {HIDDEN} failed; AUTH {HIDDEN} failed"


@given(st.text(alphabet="abctokenscr_ :='\"[]{},&"))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    redactor = Redactor(["a-secret"])
    assert redactor(redactor(text)) == redactor(text)
