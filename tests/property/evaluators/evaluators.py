"""The ways to run a program that this checkout has, by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from soli_runtime.builtins.library import install_library

from soli_lang import Capabilities, Interpreter, Limits
from soli_lang.evaluator.expressions import accesses
from soli_lang.evaluator.functions import functions
from soli_lang.evaluator.written_out import inline
from soli_lang.evaluator.written_out.inline import Inliner
from soli_lang.tree import nodes

from .outcomes import Evaluator

_ONLY_WRITTEN_OUT = frozenset({nodes.Interpolation, nodes.Logical})
"""Nodes that have no other closure; their parts have."""


def _interpreter(capabilities: Capabilities, limits: Limits) -> Interpreter:
    return Interpreter(install_library, capabilities=capabilities, limits=limits)


@contextmanager
def _nothing_written_out() -> Iterator[None]:
    """One closure for each node, and nothing made for speed (docs/decisions/0011)."""

    def value(self: Inliner, node: Any) -> str:
        return f"{self.bind(self.compiler.expr(node))}(frame)"

    def truth(self: Inliner, node: Any) -> str:
        return f"{self.bind(self.compiler.condition(node))}(frame)"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inline, "INLINED", _ONLY_WRITTEN_OUT)
        patch.setattr(Inliner, "value", value)
        patch.setattr(Inliner, "truth", truth)
        patch.setattr(Inliner, "operand", lambda self, node: (self.value(node), None))
        patch.setattr(functions, "looper", lambda *_, **__: None)
        patch.setattr(accesses, "written_out", lambda *_: [])
        yield


CURRENT = Evaluator(_interpreter)
CLOSURES = Evaluator(_interpreter, _nothing_written_out)

EVALUATORS = {"current": CURRENT, "closures": CLOSURES}
