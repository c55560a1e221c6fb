"""Reading and writing variables."""

from __future__ import annotations

from typing import Any

from ...base.errors import SoliError, SoliTypeError
from ...native.native import NativeFunction
from ...tree import nodes
from ...values.values import UNSET, Function, Sentinel, Value
from ..compiler import Closure, Compiler, Frame, Tables, register
from ..scopes import HIDDEN, THIS, Variable

SPECIAL = frozenset({Sentinel, Function, NativeFunction})
"""Classes of values that a bare name does not simply yield: unset, or called (spec §6.6)."""


def install(tables: Tables) -> None:
    register(tables.expressions, nodes.Name)(compile_name)
    register(tables.expressions, nodes.This)(compile_this)


def compile_name(compiler: Compiler, node: nodes.Name) -> Closure:
    """A name for its value: functions without required parameters are called."""
    variable = compiler.block.find(node.name)
    special = _special(compiler, node)
    if variable is None:
        return _read_global(compiler, node, special)
    if variable.home is None:
        slots, index = compiler.scopes.file.slots, variable.index

        def read_file(frame: Frame) -> Value:
            value = slots[index]
            if value.__class__ in SPECIAL:
                return special(value)
            return value

        return read_file
    return _read_frame(compiler.block.hops(variable), variable.index, special)


def _read_frame(hops: int, index: int, special: Any) -> Closure:
    if hops == 0:

        def read_local(frame: Frame) -> Value:
            value = frame[index]
            if value.__class__ in SPECIAL:
                return special(value)
            return value

        return read_local
    raw = read_slot(hops, index)

    def read_outer(frame: Frame) -> Value:
        value = raw(frame)
        if value.__class__ in SPECIAL:
            return special(value)
        return value

    return read_outer


def read_slot(hops: int, index: int) -> Closure:
    """Read a slot of the frame *hops* out, whatever it holds."""
    if hops == 0:
        return lambda frame: frame[index]
    if hops == 1:
        return lambda frame: frame[0][index]
    if hops == 2:
        return lambda frame: frame[0][0][index]

    def read_far(frame: Frame) -> Value:
        for _ in range(hops):
            frame = frame[0]
        return frame[index]

    return read_far


def _special(compiler: Compiler, node: nodes.Name) -> Any:
    """What to do with an unset variable or a function that a bare name found."""
    name, span, source, block = node.name, node.span, compiler.source, compiler.block
    builtins = compiler.machine.globals

    def special(value: Value) -> Value:
        if value is UNSET:
            value = builtins.get(name, UNSET)
            if value is UNSET:
                raise compiler.undefined(name, span, block)
            if value.__class__ not in SPECIAL:
                return value
        if not value.auto:
            return value
        try:
            return value.call([], None, None) if value.__class__ is Function else value.invoke()
        except SoliError as error:
            error.locate(span, source)
            if value.__class__ is Function:
                error.leave(value.name, source, span)
            raise

    return special


def _read_global(compiler: Compiler, node: nodes.Name, special: Any) -> Closure:
    builtins, name = compiler.machine.globals, node.name
    value = builtins.get(name, UNSET)
    if value is not UNSET and value.__class__ not in SPECIAL:
        return lambda frame: value

    def read_builtin(frame: Frame) -> Value:
        found = builtins.get(name, UNSET)
        if found.__class__ in SPECIAL:
            return special(found)
        return found

    return read_builtin


def raw_name(compiler: Compiler, node: nodes.Name) -> Closure:
    """A name as a callee: never called by being read."""
    name, span, block = node.name, node.span, compiler.block
    builtins = compiler.machine.globals
    variable = block.find(name)
    raw = None if variable is None else read_variable(compiler, variable)

    def fetch(frame: Frame) -> Value:
        value = UNSET if raw is None else raw(frame)
        if value is UNSET:
            value = builtins.get(name, UNSET)
            if value is UNSET:
                raise compiler.undefined(name, span, block)
        return value

    return fetch


def read_variable(compiler: Compiler, variable: Variable) -> Closure:
    """Read a variable's slot, UNSET included."""
    if variable.home is None:
        slots, index = compiler.scopes.file.slots, variable.index
        return lambda frame: slots[index]
    return read_slot(compiler.block.hops(variable), variable.index)


def compile_this(compiler: Compiler, node: nodes.This) -> Closure:
    variable = compiler.block.find(THIS)
    span, source = node.span, compiler.source
    if variable is None:
        is_static = compiler.block.find(HIDDEN) is not None
        hint = "a static method has no `this`; name the class" if is_static else None

        def no_this(frame: Frame) -> Value:
            raise SoliTypeError("'this' outside of class", span, source, hint=hint)

        return no_this
    raw = read_variable(compiler, variable)

    def read_this(frame: Frame) -> Value:
        value = raw(frame)
        if value is UNSET:
            raise SoliTypeError("'this' outside of class", span, source)
        return value

    return read_this


def store(compiler: Compiler, variable: Variable) -> Any:
    """A Python callable (frame, value) that writes the variable's slot."""
    index = variable.index
    if variable.home is None:
        slots = compiler.scopes.file.slots

        def store_file(frame: Frame, value: Value) -> None:
            slots[index] = value

        return store_file
    hops = compiler.block.hops(variable)
    if hops == 0:

        def store_local(frame: Frame, value: Value) -> None:
            frame[index] = value

        return store_local

    def store_outer(frame: Frame, value: Value) -> None:
        for _ in range(hops):
            frame = frame[0]
        frame[index] = value

    return store_outer


def assign_variable(
    compiler: Compiler, variable: Variable, value: Closure, node: nodes.Node
) -> Closure:
    """`name = value`; the value of the assignment is the assigned value."""
    if variable.is_const:
        return _reassigned_constant(compiler, variable, node)
    index = variable.index
    if variable.home is None:
        slots = compiler.scopes.file.slots

        def assign_file(frame: Frame) -> Value:
            result = slots[index] = value(frame)
            return result

        return assign_file
    if compiler.block.hops(variable) == 0:

        def assign_local(frame: Frame) -> Value:
            result = frame[index] = value(frame)
            return result

        return assign_local
    put = store(compiler, variable)

    def assign_outer(frame: Frame) -> Value:
        result = value(frame)
        put(frame, result)
        return result

    return assign_outer


def _reassigned_constant(compiler: Compiler, variable: Variable, node: nodes.Node) -> Closure:
    name, span, source = variable.name, node.span, compiler.source

    def refuse(frame: Frame) -> Value:
        raise SoliTypeError(f"cannot reassign constant '{name}'", span, source)

    return refuse
