"""Nothing is wrong with the examples, as far as a second of made-up clients tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.corpus import ROOT

from .test_planted import explored

EXAMPLES = [ROOT / "examples" / name for name in ("board", "chat", "echo", "poll", "thread")]
FILES = [ROOT / "examples" / name for name in ("broadcast.soli", "hello.soli", "rooms.soli")]


@pytest.mark.parametrize("app", [*EXAMPLES, *FILES], ids=lambda one: one.name)
def test_an_example_has_no_fault(app: Path) -> None:
    """The same seed each time."""
    found = explored(app, 1.5)

    assert found.failure is None, found.failure.found
    assert found.count > 0 or app.name == "hello.soli"
