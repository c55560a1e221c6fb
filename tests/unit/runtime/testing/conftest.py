"""Running spec files that a test writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from soli_runtime.testing import FileReport, Options
from soli_runtime.testing.one_file import run_file

RunSpec = Callable[..., FileReport]


@pytest.fixture
def run_spec(tmp_path: Path) -> RunSpec:
    """Write a spec file and run it: `run_spec(text, filter="x")`."""

    def run(text: str, **options: object) -> FileReport:
        path = tmp_path / "sample_spec.soli"
        path.write_text(dedent(text), "utf-8")
        return run_file(path, Options(**options))  # type: ignore[arg-type]

    return run


def statuses(report: FileReport) -> dict[str, str]:
    """Full name of each test -> what became of it."""
    return {outcome.full_name: outcome.status.value for outcome in report.outcomes}
