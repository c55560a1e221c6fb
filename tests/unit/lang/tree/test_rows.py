"""Each kind of node answers what passes ask of it; one that does not cannot be defined."""

from __future__ import annotations

from typing import Any

import pytest

from soli_lang.base.source import Source, Span
from soli_lang.evaluator.scopes import Block, FileScope, Scopes
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes
from soli_lang.tree.node_type import NodeType

AT = Span(0, 0)
KINDS = list(NodeType.kinds.values())


def defined(base: type, fields: dict[str, str], **answers: Any) -> Any:
    """A kind of node that is not kept among the others."""
    try:
        return NodeType("Repeat", (base,), {"__annotations__": fields}, **answers)
    finally:
        NodeType.kinds.pop("Repeat", None)


@pytest.mark.parametrize(
    ("base", "fields", "answers", "complaint"),
    [
        (nodes.Stmt, {"value": "Expr"}, {}, "Repeat: has_value must say"),
        (nodes.Stmt, {"body": "Body"}, {"has_value": False}, "Repeat.body: is it run once, or in"),
        (nodes.Expr, {"name": "str"}, {}, "Repeat.name: is it a name that it declares"),
        (nodes.Expr, {"name": "str | None"}, {}, "Repeat.name: is it a name that it declares"),
        (nodes.Expr, {"times": "Exp"}, {}, "Repeat.times: Exp is no kind of node"),
        (nodes.Expr, {"a": "Expr"}, {"loops": ("b",)}, "Repeat: there is no field 'b'"),
        (nodes.Expr, {"a": "Expr", "b": "Expr"}, {"sequence": ("b",)}, "sequence must name a, b"),
        (nodes.Expr, {"a": "Expr", "n": "str"}, {"binds": ("n",)}, "inside must say which fields"),
        (nodes.Expr, {"a": "Expr"}, {"lops": ("a",)}, "unexpected keyword argument 'lops'"),
    ],
)
def test_a_kind_without_an_answer_cannot_be_defined(
    base: type, fields: dict[str, str], answers: dict[str, Any], complaint: str
) -> None:
    """The error names the kind, the field and what to say of it."""
    with pytest.raises(TypeError, match=complaint):
        defined(base, fields, **answers)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_children_and_parts_are_the_same_nodes(kind: NodeType) -> None:
    """In the order of the fields, and in the order in which they are run."""
    made = iter(range(100))
    values: dict[str, Any] = {}
    for name, shape in kind.inner:
        held = [nodes.Literal(AT, next(made)) for _ in range(2)]
        values[name] = held[0] if shape == 0 else tuple(held)
    rest = {name: () for name in kind.field_names if name not in values}
    node = kind(**values, **rest)
    assert {id(part) for _, part in nodes.parts(node)} == set(map(id, nodes.children(node)))


class Turns(nodes.Stmt, has_value=False, loops=("body",)):
    """A loop that no pass has heard of."""

    count: nodes.Expr
    body: nodes.Body


def test_a_new_loop_is_one_for_the_passes() -> None:
    """Each turn of it has its own variables, and `next` in it is its own."""
    text = "def f()\n  while true\n    let m = 1\n    next if m\n    g(|| m)\n  end\nend"
    function = parse(Source("loop", text)).body.statements[0].function  # type: ignore[union-attr]
    loop = function.body.statements[0]
    again = Turns(loop.span, loop.condition, loop.body)
    body = nodes.Body(function.span, (again,))
    rewritten = nodes.FunctionNode(function.span, "f", (), None, body)
    scopes = Scopes(FileScope())
    root = Block(None, file=scopes.file, is_function=True)
    scopes.declare_function(rewritten, root)
    inner = scopes.of(loop.body)
    assert inner.frame is inner
    assert not scopes.summaries.of(rewritten).skips
