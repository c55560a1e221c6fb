"""From a function's nodes to a Python function: its parameters, its entry, its body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..base.errors import SoliSyntaxError
from ..base.source import Span
from ..machine.machine import stack_hint
from ..meaning.declared import checks_types, names_of, parameter_check
from ..tree import nodes
from . import python as py
from .code import Code
from .facts import Study
from .scopes import HIDDEN, THIS, Block
from .unit import Unit
from .watching import keeping, telling
from .writer import Writer
from .writers import EMITTERS


def written(code: Code) -> Callable[..., Any]:
    """`make(*captured)` or `make(*captured, this)`: what makes the Python functions of *code*."""
    node, start = code.node, Start(code)
    writer = start.writer
    if node.return_type is not None:
        from ..meaning.types import return_check

        writer.check = writer.fixed(return_check(node, code.unit.source))
    checks = start.type_checks()
    body = writer.lines(lambda: writer.statements(node.body.statements, is_tail=True))
    writer.finish()
    if code.unit.watcher is not None:
        body = [*keeping(start.outer), *telling(writer, code.unit.watcher, body)]
    writer.charge()
    charge = writer.out
    first = [*start.variables(), *start.given, *checks, *start.classes()]
    if start.has_defaults:
        # What defaults call counts as called from here: they may call this function again.
        entry, body = [], [*first, *charge, *start.fields(), *body]
    else:
        entry, body = charge, [*first, *start.fields(), *body]
    entry = [*entry, *(body if code.is_leaf else counted(code, body))]
    lines = [py.function("f", start.parameters, start.optional, entry), py.give(py.name("f"))]
    return compiled(writer, py.function("make", start.outer, 0, lines), node.span)


class Start:
    """What the Python functions of a piece of code begin with."""

    def __init__(self, code: Code) -> None:
        unit, node, root = code.unit, code.node, code.block
        self.code = code
        self.writer = writer = Writer(unit, _declared(code), EMITTERS)
        self.outer = [f"c{index}" for index in range(len(code.captured))]
        for identifier, variable in zip(self.outer, code.captured, strict=True):
            writer.name_as(variable, identifier)
        for name in (THIS, HIDDEN):
            if name in root.names:
                writer.name_as(root.names[name], "this")
        writer.has_this = THIS in root.names
        writer.is_method = root.is_method
        self.params = [root.names[name] for name in code.names]
        if code.has_block:
            self.params += [root.names[one.name] for one in node.params if one.is_block]
        positional = [param for param in node.params if not param.is_block]
        self._defaults = [param for param in positional if param.default is not None]
        self.has_defaults = bool(self._defaults)
        self.optional = len(self._defaults) + code.has_block
        self.study = code.study or self._studied(code)
        self.parameters = ["this"] if code.is_method else []
        self.given = self._given()
        # From here on: what defaults compute runs before the classes of parameters are looked at.
        writer.fixed_parameters = {
            one for one in self.params if one.reads > 1 and not one.cell and one.writes == [None]
        }
        if code.has_this and not code.is_method:
            self.outer.append("this")

    def _studied(self, code: Code) -> Study:
        unit = code.unit
        is_watched = unit.watcher is not None
        study = code.study = Study(
            unit.scopes, code.block, unit.machine.globals, is_watched=is_watched
        )
        names = code.block.names
        for variable in [*self.params, *(names[one] for one in (THIS, HIDDEN) if one in names)]:
            study.given(variable)
        defaults = [param.default for param in self._defaults]
        study.run(code.node.body.statements, defaults)
        return study

    def _given(self) -> list[Any]:
        """Takes the arguments; computes those that were left out."""
        writer = self.writer
        for variable in self.params:
            identifier = writer.identifier(variable)
            if variable.cell:
                self.parameters.append(f"p{identifier}")
                value = py.List([py.name(f"p{identifier}")], py.LOAD)
                writer.out.append(py.assign(identifier, value))
            else:
                self.parameters.append(identifier)
        _defaults(writer, self._defaults)
        given, writer.out = writer.out, []
        return given

    def variables(self) -> list[Any]:
        """Gives variables their first state. To be asked when all is written."""
        return _variables(self.writer, self.study, self.params)

    def classes(self) -> list[Any]:
        """Looks once at the classes of parameters. To be asked when all is written."""
        asked = self.writer.asked.items()
        return [
            py.assign(identifier, py.is_kind(self.writer.load(variable), "int"))
            for variable, identifier in asked
        ]

    def type_checks(self) -> list[Any]:
        """Looks at the declared types of parameters, where the host asks for it."""
        writer = self.writer
        if not checks_types(writer.machine):
            return []
        node, known = self.code.node, names_of(self.code, writer.machine)
        lines = []
        for param in node.params:
            check = parameter_check(node, param, known)
            if check is not None:
                variable = writer.root.names[param.name]
                writer.unit.checks[variable] = check
                value = writer.load(variable)
                lines.append(py.run(py.call(writer.bind(check), value, at=writer.at(param))))
        return lines

    def fields(self) -> list[Any]:
        """Reads the fields of `this` once, where they are used."""
        if not self.writer.uses_fields:
            return []
        fields = py.attribute(py.name("this"), "fields")
        is_instance = py.is_kind(py.name("this"), "Instance")
        return [py.assign("fields", py.choice(is_instance, fields, py.name("NO_FIELDS")))]


def _declared(code: Code) -> Block:
    """The root block of *code*, with all blocks in it opened."""
    if code.study is None:
        code.unit.scopes.declare_function(code.node, code.block)
        code.is_leaf = code.arity >= 0 and _is_leaf(code.node.body)
    return code.block


def _defaults(writer: Writer, positional: Sequence[nodes.Param]) -> None:
    for param in positional:
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


def counted(code: Code, body: list[Any]) -> list[Any]:
    """*body* in a place of its own in the depth of calls."""
    depth = py.name("depth")
    return [
        py.assign("depth", py.attribute("machine", "depth")),
        py.when(
            py.compare(depth, ">=", py.constant(code.unit.machine.max_depth)),
            [py.Raise(py.call("too_deep", py.constant(code.name)), None)],
        ),
        py.set_attribute("machine", "depth", py.binary(depth, "+", py.constant(1))),
        py.Try(body, [], [], [py.set_attribute("machine", "depth", depth)]),
    ]


def _is_leaf(body: nodes.Body) -> bool:
    """Whether a function calls nothing, and so takes no place in the depth of calls."""
    return all(
        node.row.call_free
        and not (node.__class__ is nodes.Binary and node.operator in nodes.BUILDING)
        for node in nodes.walk(body)
    )


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
    if unit.watched is not None:
        unit.watched.know(body)
    found, statements = [], body.statements
    for start in range(0, len(statements), MOST_STATEMENTS):
        try:
            found.append(main(unit, root, statements[start : start + MOST_STATEMENTS]))
        except RecursionError:
            raise too_nested(statements[start].span, unit.source) from None
    return found


def main(unit: Unit, root: Block, statements: Sequence[Any]) -> Callable[[], Any]:
    """Statements of a file as one Python function, which gives the value of the last."""
    writer = Writer(unit, root, EMITTERS)
    study = Study(unit.scopes, root, unit.machine.globals, is_watched=unit.watcher is not None)
    study.run(statements, [])
    last = len(statements) - 1

    def write() -> None:
        for index, statement in enumerate(statements):
            _top_level(writer, statement, is_last=index == last)

    body = writer.lines(write)
    writer.finish()
    if unit.watcher is not None:
        body = telling(writer, unit.watcher, body)
    body = [*_variables(writer, study, []), *body]
    return compiled(writer, py.function("main", [], 0, body), statements[0].span)


def _top_level(writer: Writer, statement: Any, *, is_last: bool) -> None:
    """A stray `return`, `break` or `next` ends only its own statement (docs/spec §5.3)."""
    has_value = is_last and (statement.row.has_value or _may(statement, nodes.FUNCTION))
    writer.look(statement)
    if has_value and (
        isinstance(statement, nodes.Stmt) or _may(statement, nodes.FUNCTION, nodes.LOOP)
    ):
        call = writer.outlined(lambda: writer.tail(statement), is_tail=True)
        writer.out.append(py.give(py.call("plain", call)))
    elif _may(statement, nodes.FUNCTION, nodes.LOOP):
        writer.out.append(py.run(writer.outlined(lambda: writer.effect(statement), is_tail=True)))
    elif has_value:
        writer.out.append(py.give(writer.value(statement)))
    else:
        writer.effect(statement)


def _may(statement: Any, *leave: str) -> bool:
    """Does *statement* have a part that leaves a FUNCTION, or a LOOP?"""
    return any(node.row.leaves in leave for node in nodes.walk(statement, nodes.SCOPES))
