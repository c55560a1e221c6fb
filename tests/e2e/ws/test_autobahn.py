"""The Autobahn test suite, as the package kosoku drives it.

Whole through `soli run` and a handler in Soli; in parts on the other ways in which a connection
can run. `python -m tests.autobahn` runs what is too slow for every day.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ...autobahn import COMPRESSED, ECHO, LARGE, LARGE_FLAGS, drive, failures, results_of, summary
from ...support.live import serve
from .serving import Run, Service, play

#: The first case of every group with compression.
SHORT_COMPRESSED = [f"12.{number}.1" for number in range(1, 6)]
SHORT_COMPRESSED += [f"13.{number}.1" for number in range(1, 8)]
#: Large messages, and tiny fragments of large messages.
LARGEST = ["9.1.*", "9.2.*", "9.3.1", "9.4.1", "9.5.1", "9.6.1"]
# kosoku leaves the files with its test data to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    """A Soli program that sends back what it gets, at /echo."""
    program = tmp_path / "echo.soli"
    program.write_text(ECHO, "utf-8")
    return program


def test_all_cases_without_compression_pass_through_a_soli_handler(echo: Path) -> None:
    """247 cases, with the settings as they are: framing, fragments, pings, UTF-8, closing."""
    with serve(echo) as server:
        url = server.websocket_url("/echo")
        results = asyncio.run(results_of(url, None, [*LARGE, *COMPRESSED]))

    assert failures(results) == []
    assert len(results) == 247, summary(results)


def test_compression_cases_pass_through_a_soli_handler(echo: Path) -> None:
    """permessage-deflate with every combination of parameters, whole and fragmented."""
    with serve(echo, "--compression") as server:
        assert drive(server, SHORT_COMPRESSED) == []


def test_the_largest_messages_pass_through_a_soli_handler(echo: Path) -> None:
    """16 MiB in a frame, and 4 MiB in fragments of 64 bytes."""
    with serve(echo, *LARGE_FLAGS) as server:
        assert drive(server, LARGEST) == []


def judge(run: Run, cases: list[str] | None, exclude: list[str], **limits: Any) -> None:
    """Every case must end well on the socket layer alone."""

    async def scenario(service: Service) -> None:
        url = f"ws://127.0.0.1:{service.port}/echo"
        assert failures(await results_of(url, cases, exclude)) == []

    play(run, scenario, **limits)


def test_framing_and_closing_pass_on_asyncios_own_loop() -> None:
    """What depends on how a transport writes and closes: messages, fragments, closing."""
    judge(asyncio.run, ["1.*", "5.*", "7.*"], [])


@pytest.mark.long_callbacks
def test_compression_and_large_messages_pass_on_asyncios_own_loop() -> None:
    """The same, where writes are large and the transport pauses us."""
    limits = {"max_message_bytes": 16 << 20, "max_outbox_bytes": 64 << 20, "message_rate": 0}
    cases = ["12.1.1", "13.3.1", "9.1.6", "9.2.6", "9.4.1"]
    judge(asyncio.run, cases, [], compression=True, **limits)
