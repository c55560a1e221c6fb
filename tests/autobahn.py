"""The Autobahn test suite against `soli run`: `python -m tests.autobahn [CASE...]`.

All 517 cases, as the package kosoku drives them, through a handler written in Soli. Prints a line
per group and ends with status 1 if a case did not end well.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from kosoku import FailureError, run_fuzzingclient
from kosoku._kosoku import CaseResult

from .support.live import LiveServer, serve

ECHO = """router_websocket("/echo", "echo#handle")

def handle(event)
  return { "send": event["message"] } if event["type"] == "message"
  {}
end
"""

#: Measures speed, with messages of up to 16 MiB.
LARGE = ("9.*",)
#: Needs `--compression`.
COMPRESSED = ("12.*", "13.*")

#: What the large cases go beyond: 16 MiB in a message and, since they are echoed, in the outbox.
LARGE_FLAGS = ("--max-message-bytes", str(16 << 20), "--max-outbox-bytes", str(17 << 20))
#: A thousand messages as fast as they can be sent, and cases that take longer than two pings do:
#: to those, a ping is an answer that they did not expect.
LONG_FLAGS = ("--message-rate", "0", "--ping-seconds", "0")

FINE = frozenset({"OK", "NON-STRICT", "INFORMATIONAL"})


async def results_of(
    url: str, cases: Sequence[str] | None, exclude: Sequence[str] = (), *, concurrency: int = 8
) -> list[CaseResult]:
    """Run cases (`1.2.3`, `9.*`; None: all of them) against the server at *url*.

    Where kosoku gave up waiting (it waits a second for a line to end, which says little on a busy
    machine) the case is run again, alone, and what it says then counts.
    """
    results = await _results(url, cases, exclude, concurrency)
    assert results, "no case ran"
    late = [result.case_id for result in results if not result.passed and _timed_out(result)]
    again = {result.case_id: result for result in await _results(url, late, (), 1)} if late else {}
    return [again.get(result.case_id, result) for result in results]


async def _results(
    url: str, cases: Sequence[str] | None, exclude: Sequence[str], concurrency: int
) -> list[CaseResult]:
    try:
        return await run_fuzzingclient(url, cases, exclude, concurrency=concurrency)
    except FailureError as failure:
        return failure.results


def _timed_out(result: CaseResult) -> bool:
    return (
        result.was_open_handshake_timeout
        or result.was_close_handshake_timeout
        or result.was_server_connection_drop_timeout
    )


def failures(results: Sequence[CaseResult]) -> list[str]:
    """The cases that did not end well, described."""
    return [
        f"{result.case_id}: {result.behavior.value}, {result.behavior_close.value}: "
        f"{result.result} {result.result_close}"
        for result in results
        if not {result.behavior.value, result.behavior_close.value} <= FINE
    ]


def summary(results: Sequence[CaseResult]) -> list[str]:
    """A line for every group of cases: how many ended in which way."""
    groups: dict[str, Counter[str]] = {}
    for result in results:
        group = groups.setdefault(result.case_id.split(".")[0], Counter())
        group[result.behavior.value] += 1
    return [
        f"{group:>5}  {counts.total():>4} cases: "
        + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
        for group, counts in groups.items()
    ]


def drive(
    server: LiveServer, cases: Sequence[str] | None, exclude: Sequence[str] = ()
) -> list[str]:
    """Run cases against a server of `ECHO`; describe those that did not end well."""
    return failures(asyncio.run(results_of(server.websocket_url("/echo"), cases, exclude)))


def main(cases: Sequence[str]) -> int:
    """Run *cases*, or all, against `soli run` with every limit raised that one of them needs."""
    # kosoku leaves the files with its test data to the garbage collector.
    warnings.simplefilter("ignore", ResourceWarning)
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "echo.soli"
        program.write_text(ECHO, "utf-8")
        with serve(program, *LONG_FLAGS, *LARGE_FLAGS, "--compression") as server:
            began = time.monotonic()
            url = server.websocket_url("/echo")
            results = asyncio.run(results_of(url, list(cases) or None, concurrency=2))
            seconds = time.monotonic() - began
    print(*summary(results), sep="\n")
    failed = failures(results)
    print(*failed, sep="\n", end="\n" if failed else "")
    print(f"{len(results) - len(failed)} of {len(results)} cases passed in {seconds:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
