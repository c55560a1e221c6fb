"""Where the time of a loaded server goes: kernel, interpreter, event loop. Needs `perf`.

python -m benchmarks.where [SCENARIO …]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

from .processes import (
    CLIENT_CORE,
    OUT,
    CannotMeasure,
    build,
    free_port,
    pinned,
    raise_file_limit,
    running,
)
from .scenarios import SCENARIOS, Scenario
from .servers import environment_of, servers

SECONDS = 3
SETTLE_SECONDS = 1.5
SHARED_OBJECTS = {
    "kernel": ("[kernel",),
    "event loop (uvloop)": ("loop.cpython",),
    "interpreter": ("libpython", "python3"),
    "C library": ("libc.",),
}
"""What the parts of a process are called in the report, by the beginning of their file names."""


def where(scenario: Scenario) -> dict[str, float]:
    """Percent of the samples of a Soli server by part of the process."""
    server = servers()["soli"]
    port = free_port()
    flags = scenario.flags.get("soli", ())
    with running(server.start(port, flags), port, environment_of(server)) as pid:
        url = f"ws://127.0.0.1:{port}{server.prefix}{scenario.path}"
        command = [str(build("wsload")), scenario.mode, url, *scenario.options]
        client = subprocess.Popen(
            pinned(CLIENT_CORE, [*command, "-s", str(SECONDS + 2)]), stdout=subprocess.DEVNULL
        )
        time.sleep(SETTLE_SECONDS)
        data = OUT / "perf.data"
        record = ["perf", "record", "-q", "-F", "2000", "-p", str(pid), "-o", str(data)]
        subprocess.run([*record, "--", "sleep", str(SECONDS)], check=True, capture_output=True)
        client.wait()
    report = ["perf", "report", "-i", str(data), "--sort", "dso", "--stdio", "-q"]
    text = subprocess.run(report, check=True, capture_output=True, text=True).stdout
    return _grouped(text)


def _grouped(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in text.splitlines():
        share, _, name = line.strip().partition("%")
        name = name.strip()
        if not name:
            continue
        parts = SHARED_OBJECTS.items()
        part = next((part for part, starts in parts if name.startswith(starts)), "other")
        found[part] = found.get(part, 0.0) + float(share)
    return found


def main() -> int:
    if shutil.which("perf") is None:
        print("bench: perf is needed", file=sys.stderr)
        return 1
    raise_file_limit()
    OUT.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[1:] or ["echo-100", "room-1", "room-50", "room-deflate", "connects"]
    try:
        for scenario in SCENARIOS:
            if scenario.name in wanted:
                shares = sorted(where(scenario).items(), key=lambda item: -item[1])
                print(
                    f"{scenario.name:14}",
                    ", ".join(f"{name} {share:.0f} %" for name, share in shares),
                )
    except CannotMeasure as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
