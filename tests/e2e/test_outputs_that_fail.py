"""What the command says when what it prints cannot be written, and who it is run by."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ..support.live import ROOT, SOLI, serve

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="needs Linux")
@pytest.mark.parametrize("arguments", [["-e", 'print("hello")'], ["doc", "Array"], ["--version"]])
def test_a_full_disk_is_not_called_a_bug(arguments: list[str]) -> None:
    """One line, and a status of its own."""
    with FULL.open("w") as full:
        result = subprocess.run(
            [SOLI, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    said = "soli: standard output cannot be written: No space left on device\n"
    assert (result.returncode, result.stderr) == (74, said)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize(("host", "warned"), [("0.0.0.0", True), ("127.0.0.1", False)])
def test_serving_as_root_beyond_this_machine_is_warned_of(host: str, warned: bool) -> None:
    """Not on loopback, where one tries things out."""
    with serve(ROOT / "examples" / "echo", "--host", host) as server:
        server.get_text("/")

        assert any("serves_as_root" in line for line in server.output) is warned
