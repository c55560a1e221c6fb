"""Closures made from text templates, for shapes that differ in a few expressions only.

Operators on operands that are locals, constants or anything, and function entries for each
number of parameters, would be dozens of near-identical closures if written out. A template is
compiled when a program first needs that variant, so start-up pays for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from ..semantics import MAX_INT, MIN_INT
from ..values import UNSET

_CONSTANTS = {"MAX_INT": MAX_INT, "MIN_INT": MIN_INT, "UNSET": UNSET}


@cache
def maker(text: str) -> Callable[..., Any]:
    """The function `make` that *text* defines; *text* is made in this module only."""
    namespace: dict[str, Any] = dict(_CONSTANTS)
    exec(compile(text, "<soli closure>", "exec"), namespace)
    made: Callable[..., Any] = namespace["make"]
    return made


# --- operators ---

_OPERATOR = """
def make(left, right, left_slot, right_slot, constant, slow, max_length):
    def operate(frame):
        a = {a}
        b = {b}
        if a.__class__ is int and b.__class__ is int:
            {integers}
        {others}
        return slow({slow_a}, {slow_b})
    return operate
"""

_CHECKED = "r = a {op} b\n            if MIN_INT <= r <= MAX_INT: return r"
_FLOATS = "elif a.__class__ is float and b.__class__ is float: return a {op} b"
_TEXTS = "elif a.__class__ is str and b.__class__ is str: return a {op} b"
_JOIN = (
    "elif a.__class__ is str and b.__class__ is str and len(a) + len(b) <= max_length: return a + b"
)

_INTEGERS = {
    "+": _CHECKED,
    "-": _CHECKED,
    "*": _CHECKED,
    "%": "if a >= 0 and b > 0: return a % b",
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), "return a {op} b"),
}
_OTHERS = {
    "+": _JOIN,
    "*": _FLOATS,
    "-": _FLOATS,
    "==": _TEXTS,
    "!=": _TEXTS,
    "<": _FLOATS,
    ">": _FLOATS,
}

FAST_OPERATORS = frozenset(_INTEGERS)


@cache
def operator_text(operator: str, left: str, right: str) -> str:
    """The template for operands that are `local`, `constant` or `any`."""
    read = {"local": "frame[{}_slot]", "constant": "constant", "any": "{}(frame)"}
    again = {"local": "{}(frame)", "constant": "constant", "any": "{}"}
    return _OPERATOR.format(
        a=read[left].format("left"),
        b=read[right].format("right"),
        integers=_INTEGERS[operator].format(op=operator),
        others=_OTHERS.get(operator, "").format(op=operator),
        slow_a=again[left].format("left" if left == "local" else "a"),
        slow_b=again[right].format("right" if right == "local" else "b"),
    )


_BUMP = """
def make(slot, step, otherwise):
    def bump(frame):
        a = frame[slot]
        if a.__class__ is int:
            r = a + step
            if MIN_INT <= r <= MAX_INT:
                frame[slot] = r
                return r
        return otherwise(frame)
    return bump
"""


def bump_maker() -> Callable[..., Any]:
    """`local += constant`, the step of most loops."""
    return maker(_BUMP)


# --- entering functions ---

_ENTER = """
def make(machine, name, body):
    def make_invoke(parent):
        def invoke({parameters}):
            fuel = machine.fuel - 1
            machine.fuel = fuel
            if fuel <= 0:
                machine.refuel()
            depth = machine.depth
            if depth >= machine.max_depth:
                raise machine.too_deep(name)
            machine.depth = depth + 1
            try:
                return body([parent{slots}])
            finally:
                machine.depth = depth
        return invoke
    return make_invoke
"""

MOST_PAD = 32
"""Unset slots that are written out in a frame display; more are appended."""


@cache
def entry_text(count: int, pad: int, with_this: bool) -> str:
    """The template for functions of *count* parameters with *pad* further slots."""
    names = ["this"] if with_this else []
    names += [f"a{index}" for index in range(count)]
    tail = ", UNSET" * pad if pad <= MOST_PAD else f", *(UNSET,) * {pad}"
    return _ENTER.format(
        parameters=", ".join(names), slots="".join(f", {name}" for name in names) + tail
    )
