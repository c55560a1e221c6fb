"""What a call keeps takes no more memory than its limit and a margin, however small its parts."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIMIT = 64 << 20

PROGRAMS = {
    "hashes": 'a = []\nfor i in 0..9000000\n a.push({ "k": i })\nend',
    "lambdas": "a = []\nfor i in 0..9000000\n a.push(fn() i)\nend",
    "arrays": "a = []\nfor i in 0..9000000\n a.push([])\nend",
    "ints": "a = []\ni = 0\nwhile true\n i = i + 1000\n a.push(i)\nend",
    "objects": "class A\n new(x)\n  @x = x\n end\nend\na = []\nwhile true\n a.push(new A(1))\nend",
    "texts": 'a = []\nfor i in 0..9000000\n a.push("t#{i}")\nend',
    "classes": "a = []\ndef f\n class B\n  def g() 1 end\n end\n B\nend\n"
    "while true\n a.push(f())\nend",
}

CHILD = """
import resource, sys
import soli_stdlib
from soli_lang import Interpreter, LimitError, Limits
limits = Limits(max_call_bytes=int(sys.argv[1]), max_steps=0, max_seconds=100.0)
interpreter = Interpreter(soli_stdlib.install, limits=limits)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    interpreter.run(sys.argv[2])
except LimitError as error:
    assert "memory limit" in str(error), error
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process occupies")
@pytest.mark.parametrize("name", PROGRAMS)
def test_small_values_that_are_kept_end_at_the_limit(name: str) -> None:
    """They took up to ten times as much as was claimed for them."""
    command = [sys.executable, "-c", CHILD, str(LIMIT), PROGRAMS[name]]
    grown = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert grown < 1.5 * LIMIT


def test_what_is_dropped_again_does_not_count() -> None:
    """A call may make as much garbage as it has steps for."""
    program = 'i = 0\nwhile i < 2000000\n i = i + 1\n x = { "k": i }\nend'
    command = [sys.executable, "-c", CHILD + "else:\n    print(-1)\n", str(LIMIT), program]
    seen = subprocess.run(command, capture_output=True, text=True, check=True)
    assert seen.stdout.split()[-1] == "-1"
