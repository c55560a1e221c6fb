"""How builtins call the functions they are given (docs/spec §L4-L5, §6.5)."""

from __future__ import annotations

from collections.abc import Callable

from soli_lang.machine.machine import Machine
from soli_lang.native.native import NativeFunction
from soli_lang.values.values import Function, Value


def parameter_count(function: Value) -> int:
    """How many positional parameters *function* declares; 1 when nobody can tell."""
    if function.__class__ is Function:
        if function.arity >= 0:
            return int(function.arity)
        return sum(1 for parameter in function.node.params if not parameter.is_block)
    return int(function.high) if function.__class__ is NativeFunction else 1


def pair_callback(machine: Machine, function: Value) -> Callable[[Value, Value], Value]:
    """A Python callable of key and value; a function of one parameter gets `[key, value]`."""
    if parameter_count(function) >= 2:
        return machine.callback(function, 2)
    call = machine.callback(function, 1)
    return lambda key, value: call([key, value])
