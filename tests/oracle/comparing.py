"""A program run by the language and by the oracle, and what differs between the two."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from random import Random
from typing import Any

from soli_runtime.builtins.library import install_library

from soli_lang import Capabilities, Interpreter, Limits
from soli_lang.base.errors import LimitError, SoliError, render
from soli_lang.machine.machine import Machine

from . import ErrorShown, Outcome, Unsupported, run, shown
from .running import error_shown

FILE = "program.soli"
MOST_CALLS = 60
"""How deep calls may nest. What calls nothing may take no place, so the two differ by one call."""
BUDGETS = (20_000, 400_000, 2_400_000)
"""Steps; more where only one of the two runs out of them, for steps have different prices: a text
that doubles in each turn is one step to the oracle."""
MODULES = {
    "lib": (
        "export def twice(x)\n  x * 2\nend\nexport let seven = 7\n"
        "export class Far\n  new(n)\n    @n = n\n  end\nend\n"
        "export def lost(x = null)\n  x.lost\nend\n"
    ),
}
"""Files that programs may import."""


def capabilities() -> dict[str, Any]:
    """What programs of both may reach: nothing that is another thing each time."""
    return {
        "load_module": lambda path, _: (path, MODULES[path]) if path in MODULES else None,
        "clock": lambda: 1.7e9,
        "sleep": lambda seconds: None,
        "random": Random(1),
    }


Library = Callable[[Machine], None]


def answered(text: str, steps: int = BUDGETS[0], library: Library = install_library) -> Outcome:
    """What comes of *text* in the language proper."""
    output: list[str] = []
    limits = Limits(max_steps=steps, max_seconds=0, max_depth=MOST_CALLS)
    granted = Capabilities(output=output.append, **capabilities())
    interpreter = Interpreter(library, capabilities=granted, limits=limits)
    try:
        value = interpreter.run(text, FILE)
        return Outcome(shown(value), "".join(output), None, False)
    except SoliError as error:
        limited = isinstance(error, LimitError)
        render(error)  # whoever is shown an error is shown a hint, which is looked for now
        return Outcome(None, "".join(output), error_shown(error), limited)
    except Exception as error:  # any other is a fault of the language
        broken = ErrorShown(f"Python's {type(error).__name__}", str(error), 0, 0, ())
        return Outcome(None, "".join(output), broken, False)


def judged(text: str, steps: int = BUDGETS[0], library: Library = install_library) -> Outcome:
    """What comes of *text* by the specification."""
    return run(
        text,
        file=FILE,
        most_steps=steps,
        most_calls=MOST_CALLS,
        capabilities=capabilities(),
        library=library,
    )


@dataclass(frozen=True)
class Skip:
    """Why a program is not compared."""

    rule: str


_MEMBER = re.compile(r"Cannot access property '\w+[?!]?' on (?!null$)")

Verdict = str | Skip | None
"""What differs; why nothing was compared; or nothing."""


def verdict(text: str, library: Library = install_library) -> Verdict:
    """Compare what comes of *text*."""
    try:
        expected, got = judged(text, library=library), answered(text, library=library)
        for steps in BUDGETS[1:]:
            if expected.limited == got.limited:
                break
            expected = judged(text, steps, library) if expected.limited else expected
            got = answered(text, steps, library) if got.limited else got
    except Unsupported as missing:
        return Skip(f"the oracle has no {missing}")
    except Exception as error:
        return f"the oracle fails\n  {error!r}"
    return difference(expected, got)


def difference(expected: Outcome, got: Outcome) -> str | None:
    """What of *got* is not as *expected*, as lines."""
    if expected.limited and got.limited:
        one, other = sorted((expected.output, got.output), key=len)
        if other.startswith(one) or "too deep" in f"{expected.error} {got.error}":
            return None
    lines = []
    for field in fields(Outcome):
        one, other = getattr(expected, field.name), getattr(got, field.name)
        if one != other:
            lines.append(
                f"{field.name}\n  expected {_cut(one, other)}\n  got      {_cut(other, one)}"
            )
    return "\n".join(lines) or _hints(expected.error, got.error)


def _hints(expected: ErrorShown | None, got: ErrorShown | None) -> str | None:
    """What differs between hints. The oracle has those of builtins and of what is null, which come
    with the errors that both raise; near names are the evaluator's own."""
    if expected is None or got is None or expected.hint in (None, got.hint):
        return None
    if _MEMBER.match(got.message) and got.hint is not None:
        return None  # a near name goes before the hint that the message has by itself
    return f"hint\n  expected {expected.hint!r}\n  got      {got.hint!r}"


SHOWN = 300
"""Characters that are shown of what differs."""


def _cut(one: Any, other: Any) -> str:
    """*one* from shortly before where it differs from *other*."""
    text, against = repr(one), repr(other)
    pairs = enumerate(zip(text, against, strict=False))
    same = next((at for at, (a, b) in pairs if a != b), min(len(text), len(against)))
    start = max(0, same - SHOWN // 2)
    return ("…" if start else "") + text[start : start + SHOWN]


def kind_of(difference: str) -> tuple[str, ...]:
    """What sort of difference it is: what a smaller program must show, too."""
    return tuple(line for line in difference.split("\n") if not line.startswith("  "))
