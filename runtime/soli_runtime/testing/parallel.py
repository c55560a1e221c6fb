"""Spec files in several processes at once (`soli test --jobs N`)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from soli_lang.tools.coverage import Coverage

from ..calling.recursion import raise_recursion_limit
from .one_file import run_file, stop_at_once
from .outcomes import FileReport
from .running import Options


def run_in_processes(paths: list[Path], options: Options, jobs: int) -> Iterator[FileReport]:
    """The reports of *paths* in their order; coverage is added to that of *options*."""
    coverage = options.coverage
    plain = replace(options, coverage=None)
    work = partial(_run_one, options=plain, with_coverage=coverage is not None)
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for report, found in pool.map(work, paths):
            if coverage is not None and found is not None:
                coverage.add(found)
            yield report


def _run_one(
    path: Path, options: Options, with_coverage: bool
) -> tuple[FileReport, Coverage | None]:
    stop_at_once()
    raise_recursion_limit()
    coverage = Coverage() if with_coverage else None
    return run_file(path, replace(options, coverage=coverage)), coverage
