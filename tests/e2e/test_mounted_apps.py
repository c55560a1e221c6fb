"""A Soli app in a host's aiohttp application, as its author meets it: a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .support import write_files

HOST = """
import asyncio
import logging
import sys

import aiohttp
from aiohttp import web
from soli_runtime import mount


async def price_of(name):
    await asyncio.sleep(0.01)
    return {{"tea": 3}}[name]


{setup}


async def main():
    host = web.Application()
    mount(host, "app.soli", prefix="/live", define={{"price_of": price_of}})
    runner = web.AppRunner(host)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{{runner.addresses[0][1]}}/live"
    async with aiohttp.ClientSession() as client:
        async with client.ws_connect(url + "/ws") as ws:
            message = await ws.receive()
            print(message.type.name, message.data)
    await runner.cleanup()


asyncio.run(main())
"""
FAILING = 'router_websocket("/ws", "a#talk")\ndef talk(event)\n  [1][5]\nend\n'
WAITING = """router_websocket("/ws", "a#talk")
def talk(event)
  return { "send": price_of("tea") } if event["type"] == "connect"
  {}
end
"""


def host(folder: Path, program: str, setup: str = "") -> subprocess.CompletedProcess[str]:
    """Run a host that mounts *program* and connects to it once."""
    write_files(folder, {"app.soli": program, "host.py": HOST.format(setup=setup)})
    return subprocess.run(
        [sys.executable, "host.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_failing_connect_leaves_a_trace(tmp_path: Path) -> None:
    """Without any configuration: Python shows warnings and errors of `logging` by itself."""
    seen = host(tmp_path, FAILING)
    assert seen.stdout.startswith("CLOSE 1011")
    assert "handler_error handler=a#talk" in seen.stderr
    assert "Index out of bounds: 5 (length 1)" in seen.stderr
    assert "app.soli:3" in seen.stderr


def test_the_hosts_logging_says_where_lines_go(tmp_path: Path) -> None:
    """They are records of the logger `soli`, with the level of the line."""
    setup = "logging.basicConfig(format='%(levelname)s|%(name)s|%(message)s', stream=sys.stdout)"
    seen = host(tmp_path, FAILING, setup)
    assert "ERROR|soli|handler_error handler=a#talk" in seen.stdout
    assert seen.stderr == ""


def test_a_logger_that_is_turned_off_says_nothing(tmp_path: Path) -> None:
    """As with any other logger."""
    seen = host(tmp_path, FAILING, "logging.getLogger('soli').setLevel(logging.CRITICAL)")
    assert seen.stdout.startswith("CLOSE 1011")
    assert seen.stderr == ""


def test_a_coroutine_function_of_the_host_is_awaited(tmp_path: Path) -> None:
    """The program gets what it returns, as from a plain function."""
    seen = host(tmp_path, WAITING)
    assert (seen.stdout, seen.stderr) == ("TEXT 3\n", "")
