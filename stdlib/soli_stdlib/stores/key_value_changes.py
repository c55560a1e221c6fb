"""Changes of `KV` that depend on what is there: `set` on a condition, `update` (docs/spec §L21.2).

Reading and then writing are two steps, between which others may write. These are one: a change is
made only if the text is still the one that it was made for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from soli_lang.base.errors import SoliError, SoliPlainTypeError, SoliValueError
from soli_lang.base.records import changed
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Callable_, Declaration, static
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.values import SKIP, Symbol, Value

from ..ground import clock
from .key_value_store import BAD_EXPIRY, Key, entry_of, held, put_text, store, text_of
from .remote import KeyValues, answered

MOST_RUNS = 100
"""How often `update` runs its block when others keep changing the text meanwhile."""


class Condition(NamedTuple):
    """What has to be there for a change to be made."""

    text: str | None
    """None: nothing."""


class SetOptions(NamedTuple):
    """The third argument of `KV.set`."""

    seconds: int | float | None
    condition: Condition | None


def set_options(machine: Machine, given: Value) -> SetOptions:
    """Read a number of seconds, `{ "ttl": seconds, "if": text }`, or null.

    Raises SoliError for anything else.
    """
    if given.__class__ is not dict:
        return SetOptions(seconds_of(given, "int ttl"), None)
    named = {name.name if isinstance(name, Symbol) else name: given[name] for name in given}
    unknown = [name for name in named if name not in ("ttl", "if")]
    if unknown:
        raise SoliValueError(
            f"KV.set() has no option '{to_text(unknown[0])}'", hint="its options are ttl, if"
        )
    condition = None
    if "if" in named:
        before = named["if"]
        condition = Condition(None if before is None else text_of(machine, before))
    return SetOptions(seconds_of(named.get("ttl"), 'an int as "ttl"'), condition)


def seconds_of(ttl: Value, noun: str) -> int | float | None:
    """A time to live, None for none. Raises SoliError for what is no positive number."""
    if ttl is None:
        return None
    if ttl.__class__ not in (int, float):
        raise SoliPlainTypeError(f"KV.set() expects {noun}, got {type_name(ttl)}")
    if not 0 < ttl < math.inf:
        raise SoliValueError(BAD_EXPIRY)
    return ttl


@static("KV", "set", Key, Any_, Any_.optional())
def set_(machine: Machine, key: str, value: Value, ttl: Value) -> bool | None:
    """Store the display form of *value*, for *ttl* seconds if given.

    With `{ "ttl": seconds, "if": text }` only if *text* is there (null: nothing); whether it was.
    """
    seconds, condition = set_options(machine, ttl)
    text = text_of(machine, value)
    if condition is not None and held(machine, key, str) != condition.text:
        return False
    put_text(machine, key, text, None if seconds is None else clock.steady(machine) + seconds)
    return None if condition is None else True


@static("KV", "update", Key, Callable_)
def update(machine: Machine, key: str, block: Value) -> str | None:
    """Store what the block makes of the text (null when there is none); the new text.

    Null removes the key, `next` and `break` leave it. The time to live is kept. The block runs
    again when the text was changed by others meanwhile.
    """

    def change(before: str | None, after: str | None) -> bool:
        entry = entry_of(machine, key)
        if held(machine, key, str) != before:
            return False
        if after is None:
            store(machine).drop(key)
        else:
            put_text(machine, key, after, entry.expires_at if entry is not None else None)
        return True

    return _updated(machine, key, block, lambda: held(machine, key, str), change)


def _updated(
    machine: Machine,
    key: str,
    block: Value,
    read: Callable[[], str | None],
    change: Callable[[str | None, str | None], bool],
) -> str | None:
    run = machine.callback(block, 1, keep_skip=True)
    for _ in range(MOST_RUNS):
        before = read()
        value = run(before)
        if value is SKIP:
            return before
        after = None if value is None else text_of(machine, value)
        if change(before, after):
            return after
        machine.spend(1)
    shown = machine.inspect(key)
    raise SoliError(
        f"KV.update({shown}) gave up: the value changed while the block ran, {MOST_RUNS} times"
    )


def set_remote(declaration: Declaration, keeper: KeyValues) -> Declaration:
    """`KV.set` where *keeper* has what it stores."""

    def ask(machine: Machine, key: str, value: Value, ttl: Value = None) -> Value:
        seconds, condition = set_options(machine, ttl)
        text = text_of(machine, value)
        if condition is None:
            return answered(machine, keeper.command("set", [key, text, seconds]), "KV")
        arguments = [key, condition.text, text, seconds]
        return answered(machine, keeper.command("set_if", arguments), "KV")

    return changed(declaration, code=ask, takes_machine=True)


def update_remote(declaration: Declaration, keeper: KeyValues) -> Declaration:
    """`KV.update` where *keeper* has what it changes."""

    def ask(machine: Machine, key: str, block: Value) -> Value:
        def read() -> str | None:
            found: Value = answered(machine, keeper.command("get", [key]), "KV")
            return found  # type: ignore[no-any-return]

        def change(before: str | None, after: str | None) -> bool:
            return bool(answered(machine, keeper.command("change", [key, before, after]), "KV"))

        return _updated(machine, key, block, read, change)

    return changed(declaration, code=ask, takes_machine=True)
