"""Requests that another site made a browser send."""

from __future__ import annotations

import pytest
from soli_runtime.gate.forgery import is_forged
from soli_runtime.gate.origins import Peer

HERE = Peer("1.2.3.4", "https", "example.com")
COOKIE = {"cookie": "session_id=1"}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.com"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://example.com"},
        {"origin": "https://example.com:8443"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "https://evil.com"},
        {"sec-fetch-site": "cross-site", "origin": "https://example.com"},
        {"sec-fetch-site": "nonsense"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "INVENTED"])
def test_a_request_of_another_site_is_forged(method: str, headers: dict[str, str]) -> None:
    """When it may change something and bears what the browser adds."""
    assert is_forged(method, headers | COOKIE, HERE, ())
    assert is_forged(method, headers | {"authorization": "Basic eA=="}, HERE, ())


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://example.com"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin", "origin": "https://example.com"},
        {},
    ],
)
def test_a_request_of_our_own_pages_is_not(headers: dict[str, str]) -> None:
    """Nor one of a client that is no browser."""
    assert not is_forged("POST", headers | COOKIE, HERE, ())


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_a_request_that_changes_nothing_may_come_from_anywhere(method: str) -> None:
    """A link on another site leads here."""
    assert not is_forged(method, {"origin": "https://evil.com"} | COOKIE, HERE, ())


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x"}])
def test_without_what_a_browser_adds_nobody_is_harmed(headers: dict[str, str]) -> None:
    """A webhook, a public form; a script of another site cannot set a token."""
    assert not is_forged("POST", headers | {"origin": "https://evil.com"}, HERE, ())


@pytest.mark.parametrize("site", [{}, {"sec-fetch-site": "cross-site"}])
def test_a_listed_origin_is_as_good_as_ours(site: dict[str, str]) -> None:
    """`allowed-origins` names who may."""
    headers = {"origin": "https://app.example"} | COOKIE | site
    assert not is_forged("POST", headers, HERE, ("https://app.example",))
    assert is_forged("POST", headers, HERE, ("https://other.example",))


def test_a_star_opens_sockets_and_no_requests() -> None:
    """Who lets any page connect has not said that any page may act with a user's cookies."""
    assert is_forged("POST", {"origin": "https://evil.com"} | COOKIE, HERE, ("*",))
