"""A process that tries to write secrets by many methods, with redaction enabled.

Run it as a module with the name of a method; the test reads its stdout and stderr.
"""

from __future__ import annotations

import asyncio
import logging
import logging.config
import sys
import threading
import warnings

import httpx
import structlog
import telegram

from tasks.telemetry.redaction import Redactor, redact_everything

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
PASSWORD = "correct horse/battery"
UNKNOWN = "nobody-told-the-redactor"
SECRETS = (UNKNOWN, TOKEN, PASSWORD, "correct%20horse%2Fbattery", "AAHdqTcvCH1vGW")


class LeakyAccount:
    """An object whose repr contains a secret."""

    def __repr__(self) -> str:
        return f"Account({TOKEN}, {PASSWORD})"


def raising(error: Exception) -> None:
    raise error


def log_plainly() -> None:
    logging.info("token %s", TOKEN)
    logging.info("account %r and %s, %d", LeakyAccount(), LeakyAccount(), 7)
    logging.info("named %(password)s", {"password": PASSWORD})
    logging.warning("header %s", {"Authorization": f"Bearer {PASSWORD}"})
    logging.info("asked with api_key=%s", UNKNOWN)
    logging.info("halves bot%s", TOKEN.encode())
    logging.info({"event": "a dict", "token": TOKEN})
    logging.error("stack", stack_info=True, extra={"note": 1})


def log_wrongly() -> None:
    logging.info("too few %s %s", TOKEN)
    logging.info(f"/bot{TOKEN}/ %s %s", 1)


def log_errors() -> None:
    try:
        try:
            raising(KeyError(f"https://api.telegram.org/bot{TOKEN}/getMe"))
        except KeyError as error:
            raise RuntimeError(LeakyAccount()) from error
    except RuntimeError as error:
        error.add_note(PASSWORD)
        logging.exception("it broke for %s", LeakyAccount())


def log_by_a_later_handler() -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "formatters": {"f": {"format": "LATER %(name)s %(message)s"}},
            "handlers": {"h": {"class": "logging.StreamHandler", "formatter": "f"}},
            "loggers": {"late": {"handlers": ["h"], "propagate": False, "level": "DEBUG"}},
        }
    )
    try:
        raising(ValueError(TOKEN))
    except ValueError:
        logging.getLogger("late").exception("password is %s", PASSWORD)


def log_events() -> None:
    log = structlog.get_logger()
    try:
        raising(ValueError(f"{TOKEN} {PASSWORD}"))
    except ValueError:
        log.exception("event", url=f"/bot{TOKEN}/", account=LeakyAccount(), deep={"a": [PASSWORD]})


def warn() -> None:
    warnings.warn(f"careful with {TOKEN}", stacklevel=1)


def fail() -> None:
    raise RuntimeError(LeakyAccount())


def fail_in_a_thread() -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def fail_unseen() -> None:
    class Leaver:
        def __del__(self) -> None:
            raise RuntimeError(TOKEN)

    Leaver()


def fail_in_a_forgotten_task() -> None:
    async def forget() -> None:
        task = asyncio.create_task(failing())
        await asyncio.sleep(0)
        del task

    async def failing() -> None:
        raise RuntimeError(LeakyAccount())

    asyncio.run(forget())


def ask_over_http() -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(404))) as client:
        response = client.get(f"https://api.telegram.org/bot{TOKEN}/getMe?password={PASSWORD}")
    try:
        response.raise_for_status()
    except httpx.HTTPStatusError:
        logging.exception("no answer")


def ask_telegram() -> None:
    bot = telegram.Bot(TOKEN, base_url="http://127.0.0.1:9/bot")
    try:
        asyncio.run(bot.initialize())
    except telegram.error.NetworkError:
        logging.exception("no answer for %r", bot)


def main() -> None:
    """Write by the method that the command line names."""
    redactor = Redactor([TOKEN, PASSWORD])
    redact_everything(redactor)
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
    structlog.configure(
        processors=[
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(),
            redactor.event,
        ]
    )
    globals()[sys.argv[1]]()


if __name__ == "__main__":
    main()
