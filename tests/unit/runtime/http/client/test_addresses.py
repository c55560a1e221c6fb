"""Which addresses programs may reach."""

from __future__ import annotations

import pytest
from soli_runtime.http.client.addresses import is_public
from soli_runtime.http.client.requests import check_url

from soli_lang.base.errors import SoliError


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_open_internet_is_public(address: str) -> None:
    """Both families."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "nonsense",
    ],
)
def test_everything_else_is_not(address: str) -> None:
    """Loopback, private, link-local, metadata, shared, multicast, and those wrapped in IPv6."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://LOCALHOST:80/",
        "http://[::1]/",
        "http://2130706433/",
        "http://0/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "http:///x",
        "example.com",
    ],
)
def test_urls_that_lead_inside_are_refused(url: str) -> None:
    """Before any connection; names are judged when they are resolved."""
    with pytest.raises(SoliError, match="HTTP request failed: "):
        check_url(url, private_network=False)


def test_a_host_can_allow_its_own_network() -> None:
    """Schemes stay limited."""
    check_url("http://127.0.0.1/", private_network=True)
    with pytest.raises(SoliError):
        check_url("file:///etc/passwd", private_network=True)


def test_a_name_is_judged_by_what_it_resolves_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only public addresses are ever connected to, so answers cannot change in between."""
    import asyncio
    from typing import Any

    from aiohttp.resolver import ThreadedResolver
    from soli_runtime.http.client.requests import _public_resolver

    found = [{"host": "10.0.0.1"}, {"host": "93.184.216.34"}]

    async def resolve(self: Any, host: str, port: int = 0, family: Any = 0) -> Any:
        return [entry for entry in found if host == "both" or entry["host"] == "10.0.0.1"]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)

    async def body() -> None:
        resolver = _public_resolver()
        assert await resolver.resolve("both") == [{"host": "93.184.216.34"}]
        with pytest.raises(OSError, match="inside is not a public address"):
            await resolver.resolve("inside")

    asyncio.run(body())
