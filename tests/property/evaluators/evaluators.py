"""The ways to run a program that this checkout has, by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from soli_runtime.builtins.library import install_library

from soli_lang import Capabilities, Interpreter, Limits
from soli_lang.evaluator import item_loops
from soli_lang.evaluator.facts import Study
from soli_lang.evaluator.writer import Writer
from soli_lang.evaluator.writers import leaves
from soli_lang.values.method_tables import MethodTable

from .outcomes import Evaluator


def _interpreter(capabilities: Capabilities, limits: Limits) -> Interpreter:
    return Interpreter(install_library, capabilities=capabilities, limits=limits)


@contextmanager
def _nothing_known() -> Iterator[None]:
    """No class of a value is known, no block is a loop, no builtin or leaf is written out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Writer, "kind_of", lambda self, node: None)
        patch.setattr(Writer, "is_int", lambda self, node: None)
        patch.setattr(Study, "_kinds", lambda self: None)
        patch.setattr(Writer, "is_natural", lambda self, node: False)
        patch.setattr(item_loops, "looping", lambda *_: None)
        patch.setattr(leaves, "leaf_of", lambda *_: None)
        patch.setattr(MethodTable, "forms", lambda self, count: {})
        yield


CURRENT = Evaluator(_interpreter)
PLAIN = Evaluator(_interpreter, _nothing_known)

EVALUATORS = {"current": CURRENT, "plain": PLAIN}
