"""Functions of one parameter whose bodies are short, written out as loops over many items.

`xs.map(|x| x * 2)` would call the block for each item. Where its body calls nothing and leaves
only at its end, it becomes the body of a Python loop: one charge for many items, and no calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..functions.entering import Signature
from .templates import maker, without_frame

if TYPE_CHECKING:
    from ...machine.machine import Machine
    from ..functions.entering import FunctionBody

PART = 64
"""Items that a loop pays for at a time, so that one that is left early pays little too much."""

_LOOP = """
def make(machine{bindings}):
    def make_loop(parent, this):
        def loop(items):
            found = {found}
            for start in range(0, len(items), {part}):
                part = items[start : start + {part}]
                machine.spend(len(part))
                for a0 in part:
{lines}
            return found
        return loop
    return make_loop
"""

_IS_TRUE = "(value := {result}) is True or (value is not False and is_truthy(value))"

_TURNS = {
    "each": ("None", "{result}"),
    "results": ("None", "yield {result}"),
    "collected": ("[]", "found.append({result})"),
    "kept": ("[]", "if {is_true}: found.append(a0)"),
    "dropped": ("[]", "if not ({is_true}): found.append(a0)"),
    "first": ("None", "if {is_true}: return (a0,)"),
    "first_not": ("None", "if not ({is_true}): return (a0,)"),
}
"""What a loop is for -> what it begins with, and what it does with each item (`iteration`)."""


def looper(machine: Machine, body: FunctionBody, signature: Signature, *, with_this: bool) -> Any:
    """What `FunctionCode.loop` is for a function with *body*; None for one that is no loop."""
    straight = body.straight
    if straight is None or any(map(_assigns(signature.base), straight[0])):
        return None
    made: dict[str, Any] = {}

    def loop(kind: str, parent: Any, this: Any) -> Any:
        if kind not in made:
            _, bindings = body.lines()
            bindings.pop("UNSET", None)  # every template knows it
            found, turn = _TURNS[kind]
            lines = _turn(straight, turn, signature, body.ends_in_test, with_this=with_this)
            text = _LOOP.format(
                bindings="".join(f", {name}" for name in bindings),
                found=found,
                part=PART,
                lines="\n".join(" " * 20 + line for line in lines),
            )
            made[kind] = maker(text)(machine, **bindings)
        return made[kind](parent, this)

    return loop


def _assigns(slot: int) -> Any:
    """Whether a line assigns the parameter in *slot*; the item is wanted after the body."""
    return lambda line: line.lstrip().startswith(f"frame[{slot}] =")


def _turn(
    straight: tuple[list[str], str],
    turn: str,
    signature: Signature,
    is_test: bool,
    *,
    with_this: bool,
) -> list[str]:
    """The lines for one item, in terms of Python's own variables."""
    lines, result = straight
    own = [f"v{index}" for index in range(signature.size - signature.base - 1)]
    is_true = result if is_test else _IS_TRUE.format(result=result)
    body = [*lines, turn.format(result=result, is_true=is_true)]
    if own:
        body.insert(0, " = ".join([*own, "UNSET"]))
    slots = [*(["this"] if with_this else []), "a0", *own]
    return [without_frame(line, slots) for line in body]
