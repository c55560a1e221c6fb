"""npm's unmodified `phoenix` against `soli run`: sockets, channels, pushes, presence."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ..support.live import ROOT, serve

APP = Path(__file__).with_name("phoenix.soli")


def judged(url: str) -> None:
    """Every test of the JavaScript passes."""
    result = subprocess.run(
        ["node", "--test", "phoenix_channels.test.mjs"],
        cwd=ROOT / "tests" / "node",
        env={**os.environ, "SOLI_URL": url},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert "# fail 0" in result.stdout


WAYS = [(), ("--compression",), ("--dev",), ("--workers", "2")]


@pytest.mark.parametrize("flags", WAYS, ids=["plain", "compressed", "watched", "two processes"])
def test_phoenix_is_at_home(flags: tuple[str, ...]) -> None:
    """Sockets, channels, pushes and their answers, presence, binary messages."""
    with serve(APP, *flags) as server:
        judged(server.url.replace("http", "ws", 1))
