"""What is written out for speed does what the closures do that it stands for.

The evaluator makes Python text of small expressions, blocks and methods (docs/decisions/0011). The
same programs run with all of that turned off: one closure for each node.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter, Limits, render
from soli_lang.base.errors import LimitError, SoliError
from soli_lang.evaluator.expressions import accesses
from soli_lang.evaluator.functions import functions
from soli_lang.evaluator.written_out import inline
from soli_lang.evaluator.written_out.inline import Inliner
from soli_lang.tree import nodes

from ..fuzz.programs import Writer

PROGRAMS_PER_SEED = 25
ONLY_WRITTEN_OUT = frozenset({nodes.Interpolation, nodes.Logical})
"""Nodes that have no other closure; their parts have."""


@contextmanager
def nothing_written_out() -> Iterator[None]:
    """For interpreters that are made, and programs that are loaded, within this block."""

    def value(self: Inliner, node: Any) -> str:
        return f"{self.bind(self.compiler.expr(node))}(frame)"

    def truth(self: Inliner, node: Any) -> str:
        return f"{self.bind(self.compiler.condition(node))}(frame)"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inline, "INLINED", ONLY_WRITTEN_OUT)
        patch.setattr(Inliner, "value", value)
        patch.setattr(Inliner, "truth", truth)
        patch.setattr(Inliner, "operand", lambda self, node: (self.value(node), None))
        patch.setattr(functions, "looper", lambda *_, **__: None)
        patch.setattr(accesses, "written_out", lambda *_: [])
        yield


def outcome(text: str) -> tuple[str, str] | None:
    """What a program prints, and how it ends; None where a limit ends it.

    Steps are paid for in other portions where a block is a loop.
    """
    printed: list[str] = []
    capabilities = Capabilities(output=printed.append)
    limits = Limits(max_steps=20_000, max_value_bytes=1 << 16, max_call_bytes=1 << 24)
    try:
        Interpreter(install, capabilities=capabilities, limits=limits).load(text, "program")
    except LimitError:
        return None
    except SoliError as error:
        return "".join(printed), render(error)
    return "".join(printed), ""


@pytest.mark.parametrize("seed", range(8))
def test_written_out_programs_do_what_closures_do(seed: int) -> None:
    """To the letter: output, messages, and the places in them."""
    writer = Writer(random.Random(seed))
    compared = 0
    for _ in range(PROGRAMS_PER_SEED):
        text = writer.program()
        with nothing_written_out():
            expected = outcome(text)
        found = outcome(text)
        if expected is not None and found is not None:
            assert found == expected, text
            compared += 1
    assert compared > PROGRAMS_PER_SEED / 2
