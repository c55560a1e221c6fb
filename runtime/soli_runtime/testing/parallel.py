"""Spec files in several processes at once (`soli test --jobs N`)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from soli_lang.tools.coverage import Coverage

from ..calling.recursion import raise_recursion_limit
from .one_file import run_file
from .outcomes import FileReport
from .running import Options


def run_in_processes(paths: list[Path], options: Options, jobs: int) -> Iterator[FileReport]:
    """The reports of *paths* in their order; coverage is added to that of *options*."""
    coverage = options.coverage
    plain = replace(options, coverage=None)
    work = partial(_run_one, options=plain, with_coverage=coverage is not None)
    with ProcessPoolExecutor(jobs, get_context("spawn"), _begin) as pool:
        # They inherit this until they can answer Ctrl-C themselves, without Python's words.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        reports = pool.map(work, paths)
        signal.signal(signal.SIGINT, before)
        for report, found in reports:
            if coverage is not None and found is not None:
                coverage.add(found)
            yield report


def _begin() -> None:
    """Get a process ready: Ctrl-C ends it at once, and the first process says so for all."""
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))
    raise_recursion_limit()


def _run_one(
    path: Path, options: Options, with_coverage: bool
) -> tuple[FileReport, Coverage | None]:
    coverage = Coverage() if with_coverage else None
    return run_file(path, replace(options, coverage=coverage)), coverage
