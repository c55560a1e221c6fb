"""Classes, modules and enums (docs/spec §8).

A class body is a block of the function around it: `super` starts from a hidden variable of it, and
nested classes are variables of it.
"""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from ...tree.class_macros import CLASS_FUNCTIONS, FRAMEWORK_MACROS
from .. import python as py
from ..emitters import STMT, Emitters, emits
from ..scopes import CLASS, Block
from ..writer import Writer
from .declared import declared_check
from .lambdas import code_of
from .names import callee

EMITTERS: Emitters = {}


@emits(EMITTERS, nodes.ClassDecl, at=(STMT,))
def _class(writer: Writer, node: nodes.ClassDecl) -> None:
    """Executing the declaration makes a new class and binds its name (docs/spec §8.1)."""
    variable = writer.block.declare(node.name)
    above = py.none()
    if node.superclass is not None:
        found = callee(writer, node.superclass, node.span)
        name = py.constant(node.superclass)
        above = py.call("superclass", found, name, at=writer.at(node))
    is_module = py.constant(node.is_module)
    klass = writer.fresh()
    writer.out.append(
        py.assign(klass, py.call("new_class", py.constant(node.name), above, is_module))
    )
    writer.store(variable, py.name(klass))
    _within_class(writer, node, klass, lambda: _members(writer, node, klass))
    writer.out.append(py.run(py.call("on_class", py.name(klass))))


def _within_class(writer: Writer, node: Any, klass: str, write: Any) -> None:
    """What *write* appends, in the block of a class body."""
    outer = writer.block
    block = writer.block = Block(outer, file=writer.unit.scopes.file)
    block.frame = block.function = outer.function
    block.declaration = node
    hidden = block.declare_in(outer.function, CLASS)
    writer.store_place(hidden, py.name(klass))
    for member in getattr(node, "members", ()):  # nested classes are variables of the class body
        if isinstance(member, nodes.ClassDecl):
            nested = block.declare_in(outer.function, member.name)
            nested.cell = nested.captured = True
            writer.store_place(nested, py.List([py.name("UNSET")], py.LOAD))
    write()
    writer.block = outer


def _members(writer: Writer, node: nodes.ClassDecl, klass: str) -> None:
    """In the order in which they happen, not the order in which they are written (§8.1)."""
    stages: list[list[Any]] = [[] for _ in range(6)]
    for member in node.members:
        found = _MEMBERS.get(member.__class__)
        if found is not None:
            stage, write = found
            stages[stage].append(lambda member=member, write=write: write(writer, member, klass))
    for index, pieces in enumerate(stages):
        for one in pieces:
            one()
        if index == 0:
            writer.out.append(py.run(py.call("announce", py.name(klass))))


def _do(writer: Writer, helper: str, klass: str, *arguments: Any, at: int = py.NOWHERE) -> None:
    writer.out.append(py.run(py.call(helper, py.name(klass), *arguments, at=at)))


def _method(writer: Writer, member: nodes.MethodDecl, klass: str) -> None:
    code, captured = code_of(writer, member.function, is_method=True, has_this=not member.is_static)
    name = py.constant(None if member.is_constructor else member.function.name)
    is_static = py.constant(member.is_static)
    _do(writer, "add_method", klass, writer.fixed(code), captured, name, is_static)


def _class_methods(writer: Writer, member: nodes.ClassMethods, klass: str) -> None:
    """Methods of `class_methods do`: static on the module and on everything that includes it."""
    for one in member.methods:
        code, captured = code_of(writer, one.function, is_method=True)
        _do(writer, "add_hook", klass, py.constant("class_method"), writer.fixed(code), captured)


def _piece(writer: Writer, name: str, body: nodes.Body) -> tuple[Any, Any]:
    """A piece of a class body (an initialiser, a static block) as a method."""
    node = nodes.FunctionNode(body.span, name, (), None, body)
    code, captured = code_of(writer, node, is_method=True)
    return writer.fixed(code), captured


def _field(writer: Writer, member: nodes.FieldDecl, klass: str) -> None:
    code, captured = py.none(), py.none()
    if member.value is not None:
        body = nodes.Body(member.value.span, (member.value,))
        code, captured = _piece(writer, f"field {member.name}", body)
    name = py.constant(member.name)
    kinds = py.constant(member.is_static), py.constant(member.is_const)
    _do(writer, "add_field", klass, name, code, captured, *kinds)
    check = declared_check(writer, member.type, f"'{member.name}' is declared")
    if check is not None and not member.is_static:
        _do(writer, "check_field", klass, name, writer.fixed(check))


def _mixin(writer: Writer, member: nodes.Mixin, klass: str) -> None:
    for name in member.names:
        module = callee(writer, name, member.span)
        kind = py.constant(member.kind)
        _do(writer, "mix_in", klass, module, py.constant(name), kind, at=writer.at(member))


def _static_block(writer: Writer, member: nodes.StaticBlock, klass: str) -> None:
    _do(writer, "run_in", klass, *_piece(writer, "static", member.body))


def _class_call(writer: Writer, member: nodes.MacroCall, klass: str) -> None:
    _do(writer, "run_in", klass, *_piece(writer, member.name, nodes.Body(member.span, (member,))))


def _hook(writer: Writer, member: nodes.HookBlock, klass: str) -> None:
    """`included do … end`: call statements get the host class as their first argument."""
    statements = tuple(_for_host(writer, statement) for statement in member.body.statements)
    code, captured = _piece(writer, member.kind, nodes.Body(member.body.span, statements))
    _do(writer, "add_hook", klass, py.constant(member.kind), code, captured)


def _for_host(writer: Writer, statement: Any) -> Any:
    """A statement of a hook as it is run: a call is of a known function, or of the host class."""
    name = statement.callee if isinstance(statement, nodes.Call) else statement
    if not isinstance(name, nodes.Name):
        return statement
    if (
        writer.block.find(name.name, name.span.start) is None
        and name.name not in writer.machine.globals
    ):
        return nodes.MacroCall(statement.span, statement)
    if statement is name:
        return statement
    host = nodes.Argument(statement.span, nodes.This(statement.span))
    return nodes.Call(
        statement.span, statement.callee, (host, *statement.arguments), statement.block
    )


def _nested(writer: Writer, member: nodes.ClassDecl, klass: str) -> None:
    _class(writer, member)
    variable = writer.block.find(member.name)
    assert variable is not None
    _do(writer, "add_static", klass, py.constant(member.name), writer.load(variable))


_MEMBERS: dict[type, tuple[int, Any]] = {
    nodes.MethodDecl: (0, _method),
    nodes.HookBlock: (0, _hook),
    nodes.ClassMethods: (0, _class_methods),
    nodes.FieldDecl: (1, _field),
    nodes.Mixin: (2, _mixin),
    nodes.StaticBlock: (3, _static_block),
    nodes.ClassDecl: (4, _nested),
    nodes.MacroCall: (5, _class_call),
}
"""Kind of member -> when it happens, and what writes it."""


@emits(EMITTERS, nodes.EnumDecl, at=(STMT,))
def _enum(writer: Writer, node: nodes.EnumDecl) -> None:
    variable = writer.block.declare(node.name)
    enum = writer.fresh()
    variants = {one.name: tuple(field.name for field in one.fields) for one in node.variants}
    writer.out.append(
        py.assign(enum, py.call("new_enum", py.constant(node.name), writer.fixed(variants)))
    )
    writer.store(variable, py.name(enum))

    def methods() -> None:
        for member in node.methods:
            _method(writer, member, enum)

    _within_class(writer, node, enum, methods)


@emits(EMITTERS, nodes.MacroCall)
def _macro_call(writer: Writer, node: nodes.MacroCall) -> Any:
    """`before_save :check`: the static method of the class, its ancestors or its mixins; `this` is
    the class (docs/decisions/0030)."""
    name, call = node.name, node.call
    this = nodes.This(call.span)
    arguments, block = (call.arguments, call.block) if isinstance(call, nodes.Call) else ((), None)
    at = call.callee.span if isinstance(call, nodes.Call) else call.span
    missing = writer.missing(name, at)
    klass = writer.kept(writer.value(this))
    known = py.constant((name in CLASS_FUNCTIONS, name in FRAMEWORK_MACROS))
    condition = py.call("has_macro", klass, missing, known)
    member = nodes.Member(call.span, this, name)
    run = nodes.Call(node.span, member, arguments, block)
    return writer.chosen(condition, lambda: writer.value(run), py.none)
