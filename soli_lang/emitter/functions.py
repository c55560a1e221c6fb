"""From a function's nodes to a Python function: its parameters, its entry, its body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..base.errors import SoliSyntaxError
from ..base.source import Span
from ..evaluator.scopes import HIDDEN, THIS, Block
from ..machine.machine import stack_hint
from ..tree import nodes
from ..values.values import UNSET
from . import python as py
from .code import Code
from .facts import Study
from .unit import Unit
from .writer import Writer

LEAVES = frozenset(
    {
        nodes.Literal, nodes.Name, nodes.This, nodes.Logical, nodes.Unary, nodes.Index,
        nodes.SafeIndex, nodes.Member, nodes.Binary, nodes.Conditional, nodes.HashLiteral,
        nodes.Interpolation, nodes.Assign, nodes.CompoundAssign, nodes.If, nodes.Return, nodes.Body,
        nodes.Next,
    }
)  # fmt: skip
"""Kinds of nodes of a function that calls nothing and so takes no place in the depth of calls."""


def written(code: Code) -> Callable[..., Any]:
    """`make(*captured)` or `make(*captured, this)`: what makes the Python functions of *code*."""
    unit, node, root = code.unit, code.node, code.block
    unit.scopes.declare_function(node, root)
    writer = _writer(unit, root)
    outer = []
    for index, variable in enumerate(code.captured):
        writer.names[variable] = f"c{index}"  # type: ignore[index]
        outer.append(f"c{index}")
    for name in (THIS, HIDDEN):
        if name in root.names:
            writer.names[root.names[name]] = "this"  # type: ignore[index]
    writer.has_this = THIS in root.names
    writer.is_method = root.is_method
    code.is_leaf = code.arity >= 0 and _is_leaf(node.body)
    study = Study(unit.scopes, unit.summaries, root)
    parameters = ["this"] if code.is_method else []
    params = [root.names[name] for name in code.names]
    if code.has_block:
        params.append(next(root.names[one.name] for one in node.params if one.is_block))
    for variable in params:
        study.given(variable)
    positional = [param for param in node.params if not param.is_block]
    study.run(node.body, [param.default for param in positional if param.default is not None])
    entry: list[Any] = []
    for variable in params:
        identifier = writer.identifier(variable)
        if variable.cell:
            parameters.append(f"p{identifier}")
            value = py.List([py.name(f"p{identifier}")], py.LOAD)
            entry.append(py.assign(identifier, value))
        else:
            parameters.append(identifier)
    writer.out = entry
    _defaults(writer, positional)
    entry = writer.out
    writer.out = []
    if node.return_type is not None:
        from .runtime import return_check

        writer.check = writer.fixed(return_check(node, unit.source))
    body = writer.lines(lambda: writer.statements(node.body.statements, is_tail=True))
    writer.charge()
    entry += _variables(writer, study, params)
    entry += writer.out
    entry += body if code.is_leaf else _counted(node.name, body)
    optional = sum(param.default is not None for param in positional) + code.has_block
    lines = [py.function("f", parameters, optional, entry), py.give(py.name("f"))]
    if code.has_this and not code.is_method:
        outer.append("this")
    return compiled(writer, py.function("make", outer, 0, lines), node.span)


def _writer(unit: Unit, root: Block) -> Writer:
    return Writer(unit, root, {})


def _defaults(writer: Writer, positional: Sequence[nodes.Param]) -> None:
    for param in positional:
        if param.default is None:
            continue
        variable = writer.root.names[param.name]

        def compute(param: nodes.Param = param, variable: Any = variable) -> None:
            writer.store(variable, writer.value(param.default))

        writer.out.append(
            py.when(
                py.compare(writer.load(variable), "is", py.name("UNSET")), writer.lines(compute)
            )
        )


def _variables(writer: Writer, study: Study, params: list[Any]) -> list[Any]:
    """What gives variables their first state."""
    given = {id(variable) for variable in params}
    cells, unset = [], set(writer.shared)
    for variable in study.variables:
        if id(variable) in given or variable.home is not writer.root.frame:
            continue
        if variable.cell:
            cells.append(writer.identifier(variable))
        elif variable.unset:
            unset.add(writer.identifier(variable))
    unset -= {writer.identifier(variable) for variable in params}
    unset -= set(cells)
    lines = [py.assign(one, py.List([py.name("UNSET")], py.LOAD)) for one in cells]
    if unset:
        lines.append(py.assign_all(sorted(unset), py.name("UNSET")))
    return lines


def _counted(name: str, body: list[Any]) -> list[Any]:
    """*body* in a place of its own in the depth of calls."""
    depth = py.name("depth")
    return [
        py.assign("depth", py.attribute("machine", "depth")),
        py.when(
            py.compare(depth, ">=", py.name("max_depth")),
            [py.Raise(py.call("too_deep", py.constant(name)), None)],
        ),
        py.set_attribute("machine", "depth", py.binary(depth, "+", py.constant(1))),
        py.Try(body, [], [], [py.set_attribute("machine", "depth", depth)]),
    ]


def _is_leaf(body: nodes.Body) -> bool:
    from ..evaluator.scopes import children

    pending: list[Any] = [body]
    while pending:
        node = pending.pop()
        if node.__class__ not in LEAVES:
            return False
        if node.__class__ is nodes.Binary and node.operator in ("..", "<<"):
            return False
        pending.extend(children(node))
    return True


def too_nested(span: Span, source: Any) -> SoliSyntaxError:
    """Nesting was counted while parsing, but the host has less stack than that needs."""
    message = "expression nested too deeply for the stack that the host gives to Soli"
    return SoliSyntaxError(message, span, source, hint=stack_hint())


def compiled(writer: Writer, function: Any, span: Span) -> Callable[..., Any]:
    """The Python function that *function* declares."""
    unit = writer.unit
    try:
        code = compile(py.module([function]), "<soli>", "exec", 0, True, 0)
    except (RecursionError, MemoryError):
        raise too_nested(span, unit.source) from None
    namespace = {
        "__builtins__": unit.space,
        "places": writer.places,
        "slots": unit.scopes.file.slots,
        **writer.constants,
    }
    exec(code, namespace)
    return namespace.pop(function.name)  # type: ignore[no-any-return]


MOST_STATEMENTS = 64
"""Statements of a file that are one Python function."""


def mains(unit: Unit, body: nodes.Body) -> list[Callable[[], Any]]:
    """The statements of a file as Python functions, to be called one after the other."""
    root = Block(None, file=unit.scopes.file)
    unit.scopes.declare_function(body, root)
    found, statements = [], body.statements
    for start in range(0, len(statements), MOST_STATEMENTS):
        try:
            found.append(main(unit, root, statements[start : start + MOST_STATEMENTS]))
        except RecursionError:
            raise too_nested(statements[start].span, unit.source) from None
    return found


def main(unit: Unit, root: Block, statements: Sequence[Any]) -> Callable[[], Any]:
    """Statements of a file as one Python function, which gives the value of the last."""
    writer = _writer(unit, root)
    study = Study(unit.scopes, unit.summaries, root)
    for statement in statements:
        study.run(nodes.Body(statement.span, (statement,)), [])
    last = len(statements) - 1

    def write() -> None:
        for index, statement in enumerate(statements):
            _top_level(writer, statement, is_last=index == last)

    body = writer.lines(write)
    body = [*_variables(writer, study, []), *body]
    return compiled(writer, py.function("main", [], 0, body), statements[0].span)


_WITH_VALUE = (nodes.If, nodes.Try, nodes.BlockStmt, nodes.Logical)
"""Statements with a value (spec/language.md §5.1, decision 16), which a REPL shows."""
_LEAVING = (nodes.Return, nodes.Next, nodes.Break)


def _top_level(writer: Writer, statement: Any, *, is_last: bool) -> None:
    """A stray `return`, `break` or `next` ends only its own statement (spec/language.md §5.3)."""
    from .writer import VALUES

    has_value = statement.__class__ in VALUES and statement.__class__ is not nodes.Next
    if is_last and isinstance(statement, _WITH_VALUE):
        call = writer.outlined(lambda: writer.tail(statement), is_tail=True)
        writer.out.append(py.give(py.call("plain", call)))
    elif _may_leave(statement):
        writer.out.append(py.run(writer.outlined(lambda: writer.effect(statement), is_tail=True)))
    elif has_value and is_last:
        writer.out.append(py.give(writer.value(statement)))
    else:
        writer.effect(statement)


def _may_leave(statement: Any) -> bool:
    from ..evaluator.scopes import children

    pending = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, _LEAVING):
            return True
        if not isinstance(node, nodes.FunctionNode | nodes.ClassDecl | nodes.EnumDecl):
            pending.extend(children(node))
    return False


__all__ = ["UNSET", "compiled", "main", "written"]
