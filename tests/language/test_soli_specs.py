"""The language's test suite in Soli, `tests/soli`, one pytest item per file.

`soli test tests/soli` runs the same files.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.testing import Options
from soli_runtime.testing.discovery import find_specs
from soli_runtime.testing.one_file import run_file

ROOT = Path(__file__).parents[1] / "soli"
SPECS = find_specs([ROOT])


@pytest.mark.parametrize("path", SPECS, ids=[str(path.relative_to(ROOT)) for path in SPECS])
def test_spec(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every test of the file passes, and there are some."""
    report = run_file(path, Options())
    failures = [
        f"{failure.full_name}: {failure.message}\n{failure.detail}" for failure in report.failures
    ]
    assert not failures, "\n\n".join(failures)
    assert report.outcomes
