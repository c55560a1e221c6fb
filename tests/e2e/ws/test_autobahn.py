"""The Autobahn test suite, as the package kosoku drives it.

Whole through `soli run` and a handler in Soli; in parts on the other ways in which a connection
can run. `python -m tests.autobahn` runs what is too slow for every day.
"""

import asyncio
from pathlib import Path as File
from typing import Any

import aiohttp
import pytest

from ...autobahn import COMPRESSED, ECHO, LARGE, LARGE_FLAGS, drive, failures, results_of, summary
from ...support.live import serve
from .serving import PATHS, Path, Service, play

#: The first case of every group with compression.
SHORT_COMPRESSED = [f"12.{number}.1" for number in range(1, 6)]
SHORT_COMPRESSED += [f"13.{number}.1" for number in range(1, 8)]
#: Large messages, and tiny fragments of large messages.
LARGEST = ["9.1.*", "9.2.*", "9.3.1", "9.4.1", "9.5.1", "9.6.1"]
#: Before 3.14, aiohttp took a continuation of nothing for the beginning of a message.
LENIENT = [] if tuple(map(int, aiohttp.__version__.split(".")[:2])) >= (3, 14) else ["5.16"]

# kosoku leaves the files with its test data to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@pytest.fixture
def echo(tmp_path: File) -> File:
    """A Soli program that sends back what it gets, at /echo."""
    program = tmp_path / "echo.soli"
    program.write_text(ECHO, "utf-8")
    return program


def test_all_cases_without_compression_pass_through_a_soli_handler(echo: File) -> None:
    """247 cases, with the settings as they are: framing, fragments, pings, UTF-8, closing."""
    with serve(echo) as server:
        url = server.websocket_url("/echo")
        results = asyncio.run(results_of(url, None, [*LARGE, *COMPRESSED]))

    assert failures(results) == []
    assert len(results) == 247, summary(results)


def test_compression_cases_pass_through_a_soli_handler(echo: File) -> None:
    """permessage-deflate with every combination of parameters, whole and fragmented."""
    with serve(echo, "--compression") as server:
        assert drive(server, SHORT_COMPRESSED) == []


def test_the_largest_messages_pass_through_a_soli_handler(echo: File) -> None:
    """16 MiB in a frame, and 4 MiB in fragments of 64 bytes."""
    with serve(echo, *LARGE_FLAGS) as server:
        assert drive(server, LARGEST) == []


def judge(path: Path, cases: list[str] | None, exclude: list[str], **limits: Any) -> None:
    """Every case must end well on the socket layer alone."""

    async def scenario(service: Service) -> None:
        url = f"ws://127.0.0.1:{service.port}/echo"
        assert failures(await results_of(url, cases, exclude)) == []

    play(path, scenario, **limits)


def test_all_cases_without_compression_pass_on_the_fallback() -> None:
    """There aiohttp reads the frames, so nothing is known from the other parser."""
    judge(PATHS["fallback-uvloop"], None, [*LARGE, *COMPRESSED, *LENIENT])


@pytest.mark.parametrize("name", ["takeover-asyncio", "fallback-asyncio"])
def test_framing_and_closing_pass_on_asyncios_own_loop(name: str) -> None:
    """What depends on how a transport writes and closes: messages, fragments, closing."""
    judge(PATHS[name], ["1.*", "5.*", "7.*"], LENIENT)


@pytest.mark.long_callbacks
def test_compression_and_large_messages_pass_on_asyncios_own_loop() -> None:
    """The same, where writes are large and the transport pauses us."""
    limits = {"max_message_bytes": 16 << 20, "max_outbox_bytes": 64 << 20, "message_rate": 0}
    cases = ["12.1.1", "13.3.1", "9.1.6", "9.2.6", "9.4.1"]
    judge(PATHS["takeover-asyncio"], cases, [], compression=True, **limits)
