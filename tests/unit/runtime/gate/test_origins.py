"""The origin check, and who is behind a proxy."""

from __future__ import annotations

import pytest
from soli_runtime.gate.origins import Peer, TrustedProxies, origin_fault

HERE = Peer("1.2.3.4", "http", "example.com")
WITH_PORT = Peer("1.2.3.4", "http", "example.com:5011")
SECURE = Peer("1.2.3.4", "https", "example.com")


@pytest.mark.parametrize(
    ("origin", "peer"),
    [
        ("http://example.com", HERE),
        ("https://example.com", HERE),
        ("http://EXAMPLE.com:5011", WITH_PORT),
        ("http://example.com:80", HERE),
        ("https://example.com", Peer("1.2.3.4", "https", "example.com:443")),
        ("https://example.com:443", Peer("1.2.3.4", "https", "example.com")),
        ("http://[::1]:5011", Peer("::1", "http", "[::1]:5011")),
    ],
)
def test_the_same_host_may_connect(origin: str, peer: Peer) -> None:
    """Whatever the spelling; behind a TLS proxy the schemes differ."""
    assert origin_fault({"origin": origin, "cookie": "a=b"}, peer, ()) is None


@pytest.mark.parametrize(
    ("origin", "peer"),
    [
        ("http://evil.com", HERE),
        ("http://example.com.evil.com", HERE),
        ("http://example.com:81", HERE),
        ("http://example.com", SECURE),
        ("http://example.com:443", SECURE),
        ("http://example.com:443", Peer("1.2.3.4", "https", "example.com:443")),
        ("https://example.com:80", HERE),
        ("https://example.com:5011", WITH_PORT),
        ("ftp://example.com", HERE),
        ("//example.com", HERE),
        ("http://example.com", WITH_PORT),
        ("null", HERE),
        ("", HERE),
        ("http://", HERE),
        ("http://example.com:x", HERE),
    ],
)
def test_another_host_may_not(origin: str, peer: Peer) -> None:
    """Nor another port of the same, nor a page in the clear where we speak TLS."""
    assert origin_fault({"origin": origin}, peer, ()) == "origin not allowed"


@pytest.mark.parametrize("name", ["cookie", "authorization"])
def test_credentials_without_an_origin_are_refused(name: str) -> None:
    """Browsers always send one; what else has credentials can say where it comes from."""
    assert origin_fault({name: "x"}, HERE, ()) == "credentials without an Origin header"


def test_a_client_without_origin_and_credentials_may_connect() -> None:
    """It is no browser."""
    assert origin_fault({}, HERE, ()) is None


@pytest.mark.parametrize(
    ("allowed", "origin", "may"),
    [
        ("https://app.example", "https://app.example", True),
        ("https://app.example", "http://app.example", False),
        ("app.example", "http://app.example", True),
        ("*.example", "https://a.example", True),
        ("*.example", "https://example", False),
        ("https://*.example", "http://a.example", False),
        ("https://*.example", "https://a.example", True),
        ("https://app.example", "http://example.com", False),
        ("*", "https://anything.example", True),
    ],
)
def test_a_list_of_origins_replaces_the_same_host(allowed: str, origin: str, may: bool) -> None:
    """Origins, hosts, or hosts below one."""
    assert (origin_fault({"origin": origin}, HERE, (allowed,)) is None) is may


FORWARDED = {
    "host": "inner",
    "x-forwarded-for": "6.6.6.6, 203.0.113.9, 10.0.0.2",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "example.com",
}


def test_a_trusted_proxy_says_who_it_forwards_for() -> None:
    """The right-most address that is no proxy: what stands further left anybody can write."""
    proxies = TrustedProxies(("10.0.0.0/8",))
    assert proxies.peer("10.0.0.1", "http", FORWARDED) == Peer(
        "203.0.113.9", "https", "example.com"
    )


def test_a_stranger_says_nothing() -> None:
    """Forwarded headers of others do not count."""
    proxies = TrustedProxies(("10.0.0.0/8",))
    assert proxies.peer("8.8.8.8", "http", FORWARDED) == Peer("8.8.8.8", "http", "inner")


def test_nonsense_in_the_chain_ends_it() -> None:
    """The last address that makes sense counts."""
    proxies = TrustedProxies(("10.0.0.0/8",))
    headers = {"host": "h", "x-forwarded-for": "1.1.1.1, unknown, 10.0.0.2"}
    assert proxies.peer("10.0.0.1", "http", headers).ip == "10.0.0.2"


def test_what_is_no_network_is_refused() -> None:
    """At start, not at the first request."""
    with pytest.raises(ValueError, match="nonsense"):
        TrustedProxies(("nonsense",))
