"""Every kind of node is written, once, in a position that goes with its row."""

from __future__ import annotations

from typing import Any

import pytest

from soli_lang.evaluator import emitters
from soli_lang.evaluator.emitters import COND, EXPR, RET, STMT, Emitter, Emitters, joined
from soli_lang.evaluator.writer import Writer
from soli_lang.evaluator.writers import EMITTERS, classes, patterns
from soli_lang.tree import nodes

CLASS_MEMBERS = {
    nodes.FieldDecl, nodes.MethodDecl, nodes.StaticBlock, nodes.Mixin, nodes.HookBlock,
    nodes.ClassMethods, nodes.MacroCall, nodes.ClassDecl,
}  # fmt: skip


def test_a_kind_without_an_emitter_is_named() -> None:
    """The error says where an emitter is to be written."""
    without: Emitters = {kind: one for kind, one in EMITTERS.items() if kind is not nodes.While}
    with pytest.raises(AssertionError, match="While has no emitter in evaluator/writers"):
        joined([without])


def test_a_kind_is_written_once() -> None:
    """Two modules do not write the same kind, nor does one write it twice."""
    with pytest.raises(AssertionError, match="While has two emitters"):
        joined([EMITTERS, {nodes.While: EMITTERS[nodes.While]}])
    with pytest.raises(AssertionError, match="While has two emitters"):
        emitters.emits(dict(EMITTERS), nodes.While)(None)


@pytest.mark.parametrize(
    ("kind", "positions", "wanted"),
    [
        (nodes.While, (EXPR,), "While: its emitter must write for STMT"),
        (nodes.If, (STMT,), "If: its emitter must write for EXPR or RET"),
        (nodes.Unary, (COND,), "Unary: its emitter must write for EXPR or RET"),
    ],
)
def test_positions_go_with_the_row(kind: Any, positions: tuple[str, ...], wanted: str) -> None:
    """What has a value can give it; what has none is a statement."""
    table = {**EMITTERS, kind: Emitter(EMITTERS[kind].write, positions)}
    with pytest.raises(AssertionError, match=wanted):
        joined([table])


def test_an_emitter_of_several_positions_is_told_which() -> None:
    """One of a single position is not."""
    alone = Emitter(lambda writer, node: ("alone", node), (STMT,))
    told = Emitter(lambda writer, node, position: (position, node), (STMT, RET))
    assert alone(None, 1, STMT) == ("alone", 1)
    assert told(None, 1, RET) == (RET, 1)


def test_only_what_loops_by_its_row_is_written_as_a_loop() -> None:
    """Else closures in it would share the variables of all turns."""
    node = nodes.BlockStmt.__new__(nodes.BlockStmt)
    with pytest.raises(AssertionError, match="BlockStmt loops, but not as its row says"):
        Writer.turn_of(object.__new__(Writer), node, lambda: None)


def test_every_pattern_and_every_member_of_a_class_is_written() -> None:
    """These are no statements: each has a table of its own."""
    wanted = {one for one in vars(nodes).values() if isinstance(one, type)}
    kinds = {one for one in wanted if issubclass(one, nodes.Pattern)} - {nodes.Pattern}
    assert patterns._PATTERNS.keys() == kinds
    assert classes._MEMBERS.keys() == CLASS_MEMBERS
