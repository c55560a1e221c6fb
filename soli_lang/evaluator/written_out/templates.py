"""Closures made from text templates, for shapes that differ in a few expressions only.

Operators on operands that are locals, constants or anything, and function entries for each
number of parameters, would be dozens of near-identical closures if written out. A template is
compiled when a program first needs that variant, so start-up pays for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ...values.semantics import LONG_TEXT, MAX_INT, MIN_INT, is_truthy
from ...values.values import UNSET

FALLBACK = "f"
"""Prefix of names that are only called when operands are not what is usual."""
CLOSURE = "c"
"""Prefix of names of closures, which are always called."""
QUIET = "q"
"""Prefix of names of closures that call nothing of the program, fallbacks aside, and only read."""
SPEND = "spend"
"""The name of `Machine.spend`."""

_CONSTANTS = {"MAX_INT": MAX_INT, "MIN_INT": MIN_INT, "UNSET": UNSET, "is_truthy": is_truthy}


MAX_TEMPLATES = 4096
"""Compiled templates that are kept; programs made to need ever new ones do not fill the memory."""


@lru_cache(MAX_TEMPLATES)
def maker(text: str) -> Callable[..., Any]:
    """The function `make` that *text* defines; *text* is made in this module only."""
    namespace: dict[str, Any] = dict(_CONSTANTS)
    exec(compile(text, "<soli closure>", "exec"), namespace)
    made: Callable[..., Any] = namespace["make"]
    return made


# --- operators ---

_CHECKED = ("{r}", " and MIN_INT <= ({r} := {a} {op} {b}) <= MAX_INT")
_PLAIN = ("{a} {op} {b}", "")

INTEGER_FORMS: dict[str, tuple[str, str]] = {
    "+": _CHECKED,
    "-": _CHECKED,
    "*": _CHECKED,
    "%": ("{a} % {b}", " and {a} >= 0 and {b} > 0"),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _PLAIN),
}
"""Operator -> (result, further condition) for two Ints `a` and `b`."""

INLINE_JOIN = 256
"""Characters up to which two strings are joined without claiming memory for the result."""

_JOIN = (
    "{a} + {b} if {a}.__class__ is str and {b}.__class__ is str "
    f"and len({{a}}) + len({{b}}) <= {INLINE_JOIN} else "
)
_FLOATS = "{a} {op} {b} if {a}.__class__ is float and {b}.__class__ is float else "
_TEXTS = (
    "{a} {op} {b} if {a}.__class__ is str and {b}.__class__ is str "
    f"and len({{a}}) <= {LONG_TEXT} else "
)

OTHER_FORMS: dict[str, str] = {
    "+": _JOIN,
    "-": _FLOATS,
    "*": _FLOATS,
    "<": _FLOATS,
    ">": _FLOATS,
    "==": _TEXTS,
    "!=": _TEXTS,
}
"""Operator -> what comes before the general operation, for operands that are no Ints."""


# --- entering functions ---

_ENTER = """
def make(machine, name, max_depth{bindings}):
    def make_invoke(parent):
        def invoke({parameters}):
            fuel = machine.fuel - 1
            machine.fuel = fuel
            if fuel <= 0:
                machine.refuel()
            depth = machine.depth
            if depth >= max_depth:
                raise machine.too_deep(name)
            machine.depth = depth + 1
            try:
                frame = [parent{slots}]
{lines}
            finally:
                machine.depth = depth
        return invoke
    return make_invoke
"""

_ENTER_LEAF = """
def make(machine{bindings}):
    def make_invoke(parent):
        def invoke({parameters}):
            fuel = machine.fuel - 1
            machine.fuel = fuel
            if fuel <= 0:
                machine.refuel()
{lines}
        return invoke
    return make_invoke
"""


def entry_text(
    parameters: list[str],
    pad: int,
    lines: list[str],
    bindings: list[str],
    *,
    calls: bool,
    assigns: bool,
) -> str:
    """The text of a function entry: its frame, its charge to the budget, its body.

    A body that *calls* nothing needs no place in the depth and no frame: nobody else looks at its
    variables. They are Python's, those that it *assigns* too.
    """
    slots = [*parameters, *["UNSET"] * pad]
    listed = "".join(f", {slot}" for slot in slots)
    if not calls:
        own = [f"v{index}" for index in range(pad)]
        slots = [*parameters, *own] if assigns else slots
        lines = [without_frame(line, slots) for line in lines]
        if own and assigns:
            lines.insert(0, " = ".join([*own, "UNSET"]))
    indent = " " * (16 if calls else 12)
    return (_ENTER if calls else _ENTER_LEAF).format(
        parameters=", ".join(parameters),
        slots=listed,
        lines="\n".join(indent + line for line in lines),
        bindings="".join(f", {name}" for name in bindings),
    )


_SLOT = re.compile(r"frame\[(\d+)\]")


def without_frame(line: str, slots: list[str]) -> str:
    """*line* with parameters in place of slots; where a fallback needs a frame, one is made."""
    line = _SLOT.sub(lambda found: slots[int(found[1]) - 1] if found[1] != "0" else "parent", line)
    return line.replace("(frame", f"([parent, {', '.join(slots)}]" if slots else "([parent]")
