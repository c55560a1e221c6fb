"""One spec file, run in this process: what `soli test` does for each, and each of its `--jobs`."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path

from ..loading.project import Project
from .outcomes import FileReport
from .running import Options, SpecFile


def run_file(path: Path, options: Options) -> FileReport:
    """Run one spec file in a world of its own."""

    async def work() -> FileReport:
        return await SpecFile(path, root_of(path), options).run()

    return asyncio.run(work())


async def why_it_fails(path: Path, project: Project) -> str:
    """The first failure of a spec file of *project*; empty when it passes."""
    options = Options(project=project, output=lambda text: None)
    report = await SpecFile(path, project.root, options).run()
    return report.failures[0].message if report.failures else ""


def root_of(path: Path) -> Path:
    """The folder a spec file may read and import from: where `soli test` was started, if that
    is around it, else its own."""
    here = Path.cwd()
    return here if path.resolve().is_relative_to(here) else path.resolve().parent


def stop_at_once() -> None:
    """Let Ctrl-C end a test that computes too; asyncio's own way waits until that is done."""

    def stop(number: int, frame: object) -> None:
        # What waits is dropped on purpose; asyncio would complain about it after our words.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
