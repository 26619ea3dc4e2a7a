"""The one way out to X: a requests session that tweepy talks through, with what tweepy lacks."""

from __future__ import annotations

import logging
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

from bots.x.faults import XSilent, XUnreachable, fault_of
from bots.x.vocabulary import Vocabulary, spoken

TWEEPY_HOST = "https://api.twitter.com"
# Their DEBUG lines print Authorization headers, signatures and tokens.
_TALKATIVE = ("tweepy", "oauthlib", "requests_oauthlib")


class Door(requests.Session):
    """Sends tweepy's requests to the host, in the vocabulary and within the time that we choose.

    The host is changed before a request is signed: an OAuth1 signature covers it. Answers that are
    no success raise `XFault`s, before tweepy can trip over their bodies.
    """

    def __init__(self, api_url: str, timeout_s: float) -> None:
        super().__init__()
        self.vocabulary = Vocabulary.TWEET
        self._api_url = api_url.rstrip("/")
        self._timeout_s = timeout_s
        # A .netrc would replace the Authorization header.
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.INFO)

    def request(
        self,
        method: str,
        url: str | bytes,
        *args: Any,  # noqa: ANN401 - the base class says so
        **kwargs: Any,  # noqa: ANN401 - the base class says so
    ) -> requests.Response:
        """Send one request. Raises `XFault`."""
        target = str(url)
        if target.startswith(TWEEPY_HOST):
            target = self._api_url + target.removeprefix(TWEEPY_HOST)
        if kwargs.get("params"):
            kwargs["params"] = spoken(kwargs["params"], self.vocabulary)
        kwargs.setdefault("timeout", self._timeout_s)
        kwargs["allow_redirects"] = False
        try:
            response = super().request(method, target, *args, **kwargs)
        except requests.RequestException as error:
            raise _silence(error) from error
        if not 200 <= response.status_code < 300:
            with response:
                raise fault_of(response)
        if response.content and not _is_json(response):
            raise XSilent(f"{response.status_code} without JSON")
        return response


def _is_json(response: requests.Response) -> bool:
    try:
        response.json()
    except requests.JSONDecodeError:
        return False
    return True


def _silence(error: requests.RequestException) -> XUnreachable | XSilent:
    """Tell apart what was certainly not sent from what may have been."""
    cause = getattr(error.args[0], "reason", error.args[0]) if error.args else None
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return XUnreachable(type(error).__name__)
    if isinstance(cause, NewConnectionError | NameResolutionError):
        return XUnreachable(type(cause).__name__)
    return XSilent(type(error).__name__)
