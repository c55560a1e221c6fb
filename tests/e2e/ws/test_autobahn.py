"""The Autobahn test suite, as the package kosoku drives it."""

from typing import Any

import pytest
from kosoku import FailureError, run_fuzzingclient

from .serving import Path, Service, on_every_path, on_our_own_parser, play

#: 9 measures speed with messages of up to 16 MiB; 12 and 13 need compression.
SLOW = ["9.*"]
COMPRESSION = ["12.*", "13.*"]

FINE = {"OK", "NON-STRICT", "INFORMATIONAL"}


async def failures(service: Service, cases: list[str] | None, exclude: list[str]) -> list[str]:
    """Run cases and describe those that did not end well."""
    url = f"ws://127.0.0.1:{service.port}/echo"
    try:
        results = await run_fuzzingclient(url, cases, exclude, concurrency=8)
    except FailureError as failure:
        results = failure.results
    assert results, "no case ran"
    return [
        f"{result.case_id}: {result.behavior.value}, {result.behavior_close.value}: {result.result}"
        for result in results
        if result.behavior.value not in FINE or result.behavior_close.value not in FINE
    ]


def judge(path: Path, cases: list[str] | None, exclude: list[str], **limits: Any) -> None:
    """Every case must end well."""

    async def scenario(service: Service) -> None:
        assert await failures(service, cases, exclude) == []

    play(path, scenario, message_rate=0, **limits)


@on_every_path
def test_all_cases_without_compression_pass(path: Path) -> None:
    """247 cases: framing, pings, reserved bits, fragmentation, UTF-8, closing."""
    judge(path, None, SLOW + COMPRESSION)


# kosoku leaves the files with its test data to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("group", [f"{major}.{minor}" for major in (12, 13) for minor in (1, 2, 3)])
@on_our_own_parser
def test_compression_cases_with_short_messages_pass(path: Path, group: str) -> None:
    """permessage-deflate with every combination of parameters, whole and fragmented."""
    judge(path, [f"{group}.{number}" for number in (1, 2, 3, 4)], [], compression=True)


@on_our_own_parser
def test_large_messages_and_tiny_fragments_pass(path: Path) -> None:
    """16 MiB in a frame, and 4 MiB in fragments of 64 bytes."""
    judge(
        path,
        ["9.1.*", "9.2.*", "9.3.1", "9.4.1", "9.5.1", "9.6.1"],
        [],
        max_message_bytes=16 << 20,
        max_outbox_bytes=64 << 20,
    )
