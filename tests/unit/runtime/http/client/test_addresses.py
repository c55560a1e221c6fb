"""Which addresses programs may reach."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from aiohttp import web
from aiohttp.resolver import DefaultResolver
from soli_runtime.http.client import requests as http_client
from soli_runtime.http.client.addresses import is_public
from soli_runtime.http.client.requests import Wanted, check_url, fetch

from soli_lang.base.errors import SoliError

LOOPBACK = """
127.0.0.1 127.0.0.1. 127.1 127.0.1 0 0.0.0.0 0x7f.1 0x7f000001 0X7F.0.0.1 0177.0.0.1 017700000001
2130706433 127。0。0。1 127．0．0．1 127｡0｡0｡1 １２７.0.0.1
①②⑦.⓪.⓪.① 127。1 0。0。0。0 ２１３０７０６４３３
[::1] [::] [0:0:0:0:0:0:0:1] [::127.0.0.1] [::7f00:1] [::ffff:127.0.0.1]
[::ffff:7f00:1] [::ffff:0:127.0.0.1]
[64:ff9b::127.0.0.1] [2002:7f00:1::] [fe80::1%25lo] [fec0::1]
localhost LOCALHOST localhost. ⓛocalhost ｌｏｃａｌｈｏｓｔ
""".split()
"""Hosts that lead to this machine, in every spelling that anybody thought of."""


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
        "::127.0.0.1",
        "::10.0.0.1",
        "::93.184.216.34",
        "64:ff9b:1::7f00:1",
        "2001:0:7f00:1::",
        "fec0::1",
        "100::1",
        "2001:db8::1",
        "ff02::1",
        "240.0.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "",
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
        *(f"http://{host}/" for host in LOOPBACK),
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1:80/",
        "http://169.254.169.254/latest/meta-data/",
        "http://169。254。169。254/",
        "http://[fd00:ec2::254]/",
        "http://[::127.0.0.1",
        "http://127.0.0.1\\@example.com/",
        "",
        "//127.0.0.1/",
        "javascript:alert(1)",
        "gopher://127.0.0.1/",
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


@pytest.mark.parametrize("host", LOOPBACK)
def test_the_socket_has_the_last_word(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No spelling is connected to, even if nobody had judged the URL."""
    monkeypatch.setattr(http_client, "literal_address", lambda host: None)
    sockets: list[Any] = []

    class Counted(socket.socket):
        def __init__(self, *arguments: Any) -> None:
            sockets.append(arguments)
            super().__init__(*arguments)

    async def body() -> None:
        monkeypatch.setattr(socket, "socket", Counted)
        with pytest.raises(SoliError, match="HTTP request failed: "):
            await fetch(Wanted("GET", f"http://{host}:9/"), private_network=False)

    asyncio.run(body())
    assert not [one for one in sockets if one[0] in (socket.AF_INET, socket.AF_INET6)]


def test_a_name_is_judged_by_what_it_resolves_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only public addresses are ever connected to, so answers cannot change in between."""
    answers = [("10.0.0.1", 9), ("127.0.0.1", 9), ("192.168.1.1", 9)]

    async def resolve(self: Any, host: str, port: int = 0, family: Any = 0) -> Any:
        return [
            {"hostname": host, "host": address, "port": port, "family": socket.AF_INET, "proto": 6}
            | {"flags": socket.AI_NUMERICHOST}
            for address, port in answers
        ]

    monkeypatch.setattr(DefaultResolver, "resolve", resolve)
    with pytest.raises(SoliError, match="is not a public address"):
        asyncio.run(fetch(Wanted("GET", "http://inside.example/"), private_network=False))


@pytest.mark.parametrize("host", ["127.0.0.2", "127。0。0。2", "127.2", "[::ffff:127.0.0.2]"])
def test_a_redirect_is_judged_like_the_first_url(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here 127.0.0.1 passes for the open internet, and sends on to where nobody may go."""
    monkeypatch.setattr(http_client, "is_public", lambda address: address == "127.0.0.1")
    paths: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        paths.append(request.path)
        port = request.url.port
        return web.Response(status=302, headers={"Location": f"http://{host}:{port}/inside"})

    async def body() -> None:
        runner = web.ServerRunner(web.Server(answer))
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        with pytest.raises(SoliError, match="is not a public address"):
            await fetch(Wanted("GET", url), private_network=False)
        await runner.cleanup()

    asyncio.run(body())
    assert paths == ["/"]


def test_credentials_do_not_follow_to_another_origin() -> None:
    """Another port is another origin, and so is another scheme."""
    seen: list[str | None] = []

    async def second(request: web.BaseRequest) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(text="done")

    async def body() -> None:
        last = web.ServerRunner(web.Server(second))
        await last.setup()
        await web.TCPSite(last, "127.0.0.1", 0).start()
        port = last.addresses[0][1]

        async def first(request: web.BaseRequest) -> web.Response:
            return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{port}/"})

        runner = web.ServerRunner(web.Server(first))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        wanted = Wanted("GET", url, {"authorization": "secret"})
        assert (await fetch(wanted, private_network=True)).text == "done"
        await runner.cleanup()
        await last.cleanup()

    asyncio.run(body())
    assert seen == [None]
