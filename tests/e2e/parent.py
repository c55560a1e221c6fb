"""A parent of workers in a process of its own: `python -m tests.e2e.parent COUNT PORT APP`."""

from __future__ import annotations

import asyncio
import os
import sys

from soli_runtime.observing.logs import Log
from soli_runtime.serving.processes import parent as module
from soli_runtime.serving.processes.parent import GaveUp, Parent


def main() -> int:
    module.MAX_MISSED_BEATS = int(os.environ.get("TEST_MISSED_BEATS", "15"))
    count, port, app = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    command = [sys.executable, "-m", "soli_runtime.cli", "run", app, *sys.argv[4:]]
    parent = Parent(
        command,
        count,
        Log(lambda text: print(text, end="", file=sys.stderr, flush=True)),
        shutdown_seconds=3,
    )
    try:
        asyncio.run(
            parent.run("127.0.0.1", port, lambda url: print("listening on", url, flush=True))
        )
    except GaveUp as error:
        print(error, file=sys.stderr)
        return error.status
    except OSError as error:
        print(error, file=sys.stderr)
        return 71
    return 0


if __name__ == "__main__":
    sys.exit(main())
