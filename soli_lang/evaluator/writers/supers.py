"""`super` and pipelines: calls whose receiver or first argument is not written in place."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .. import python as py
from ..emitters import Emitters, emits
from ..places import CALLED, METHOD, PLAIN
from ..scopes import CLASS, HIDDEN, THIS
from ..writer import Writer
from .calls import collected
from .names import callee, fail

EMITTERS: Emitters = {}


def _super_parts(writer: Writer, node: nodes.Node) -> tuple[Any, Any] | None:
    """What gives the class in which the method was written, and `this`; None outside of methods."""
    owner, hidden = writer.block.find(CLASS), writer.block.find(HIDDEN)
    if owner is None or (hidden is None and writer.block.find(THIS) is None):
        return None
    if hidden is not None:
        return (lambda: writer.load(owner)), (lambda: writer.load(hidden))
    return (lambda: writer.load(owner)), (lambda: writer.value(nodes.This(node.span)))


def _outside(writer: Writer, node: nodes.Node) -> Any:
    return fail(writer, node, None, "'super' outside of class")


@emits(EMITTERS, nodes.SuperCall)
def _super_call(writer: Writer, node: nodes.SuperCall) -> Any:
    """`super(args)`: the superclass's own constructor on `this`; yields null."""
    parts = _super_parts(writer, node)
    if parts is None:
        return _outside(writer, node)
    owner, this, listed, named, _ = collected(writer, parts, node.arguments, None)
    identifier = writer.fresh()
    at = writer.places.add(CALLED, node.span, identifier)
    above = py.bound(identifier, py.call("constructor_above", owner, at=writer.at(node)))
    return py.call("construct_above", above, this, listed, named, at=at)


def super_method_call(writer: Writer, node: nodes.Call, member: nodes.SuperMember) -> Any:
    parts = _super_parts(writer, member)
    if parts is None:
        return _outside(writer, member)
    identifier = writer.fresh()
    owner, this = parts
    found, receiver, listed, named, block = collected(
        writer, [owner, lambda: py.bound(identifier, this())], node.arguments, node.block
    )
    name, again = py.constant(member.name), py.name(identifier)
    # Looked up last, and at a place of its own: what is not found is no call that an error leaves.
    method = py.call("method_above", found, again, name, at=writer.at(node))
    at = writer.places.add(METHOD, node.span, identifier, member.name)
    return py.call("call_above", receiver, listed, named, block, method, at=at)


@emits(EMITTERS, nodes.SuperMember)
def _super_member(writer: Writer, node: nodes.SuperMember) -> Any:
    """`super.f`: a method above without parentheses, else a field of `this`."""
    parts = _super_parts(writer, node)
    if parts is None:
        return _outside(writer, node)
    identifier = writer.fresh()
    owner, this = writer.operands(*parts)
    name, again = py.constant(node.name), py.name(identifier)
    found = py.call("method_above", owner, py.bound(identifier, this), name, at=writer.at(node))
    at = writer.places.add(METHOD, node.span, identifier, node.name)
    return py.call("member_above", found, again, at=at)


# --- pipelines ---

_ARRAY_STAGES = frozenset({"map", "filter", "each"})


@emits(EMITTERS, nodes.Pipeline)
def _pipeline(writer: Writer, node: nodes.Pipeline) -> Any:
    """`x |> f(a)` is `f(x, a)` (docs/spec §4.11)."""
    stage = node.stage
    extra: list[Any] = []
    function: Any = stage
    if isinstance(stage, nodes.Call):
        refused = _refused(stage)
        if refused:
            writer.out.append(py.run(writer.value(node.value)))
            return fail(writer, node, None, f"pipeline method does not support {refused} arguments")
        function = stage.callee
        extra = [one.value for one in stage.arguments]
    if (
        isinstance(function, nodes.Name)
        and function.name in _ARRAY_STAGES
        and writer.block.find(function.name, function.span.start) is None
    ):
        first, *rest = writer.operands(node.value, *extra)
        at = writer.places.add(PLAIN, node.span)
        listed = py.List(rest, py.LOAD)
        return py.call("array_stage", first, py.constant(function.name), listed, at=at)
    if isinstance(stage, nodes.Call) and isinstance(function, nodes.Member):
        return _method_stage(writer, node, function, extra)
    identifier = writer.fresh()
    first, called, *rest = writer.operands(
        node.value, lambda: py.bound(identifier, _stage(writer, function)), *extra
    )
    at = writer.places.add(CALLED, node.span, identifier)
    given = py.List(rest, py.LOAD) if isinstance(stage, nodes.Call) else py.none()
    return py.call("pipe", first, called, given, at=at)


def _method_stage(
    writer: Writer, node: nodes.Pipeline, member: nodes.Member, extra: list[Any]
) -> Any:
    """`x |> o.m(a)` is `o.m(x, a)`, but for `x`, which is computed before `o`."""
    identifier = writer.fresh()
    first = writer.kept(writer.value(node.value))
    receiver, *rest = writer.operands(
        lambda: py.bound(identifier, writer.value(member.object)), *extra
    )
    at = writer.places.add(METHOD, node.span, identifier, member.name)
    listed = py.List([first, *rest], py.LOAD)
    none = py.none()
    return py.call("call_member", receiver, py.constant(member.name), listed, none, none, at=at)


def _refused(stage: nodes.Call) -> str:
    """The kind of arguments that no stage takes."""
    if any(one.label is not None for one in stage.arguments):
        return "named"
    return "" if stage.block is None else "block"


def _stage(writer: Writer, node: Any) -> Any:
    """A callable read without being called."""
    if isinstance(node, nodes.Name):
        return callee(writer, node.name, node.span)
    return writer.value(node)
