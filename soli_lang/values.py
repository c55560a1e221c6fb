"""Soli values that Python does not have already.

Int, Float, String, Bool, Null, Array, Hash and Bytes are Python's own `int`, `float`, `str`,
`bool`, `None`, `list`, `dict` and `bytes`; Decimal is `decimal.Decimal`. So JSON is orjson's and
hosts convert nothing. The one trap: Python takes the dict keys `1`, `True`, `1.0` and
`Decimal(1)` for one key and Soli does not, so Bool and Decimal keys are stored wrapped
(`BoolKey`, `DecimalKey`); see `semantics.to_key` and `from_key`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

Value = Any
"""A Soli value. Deliberately `Any`: values are Python's own, so a closed union would be a lie."""


class Symbol:
    """`:name`. Make one with `symbol()`: equal names are the same object."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f":{self.name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and other.name == self.name

    def __hash__(self) -> int:
        return hash((Symbol, self.name))

    def __copy__(self) -> Symbol:
        return self

    def __deepcopy__(self, memo: object) -> Symbol:
        return self


def symbol(name: str) -> Symbol:
    """The symbol of that name. Compare symbols with `==`."""
    return Symbol(name)


class BoolKey:
    """A Bool as a hash key."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BoolKey) and other.value is self.value

    def __hash__(self) -> int:
        return hash((BoolKey, self.value))


TRUE_KEY = BoolKey(True)
FALSE_KEY = BoolKey(False)


class DecimalKey:
    """A Decimal as a hash key: equal in value and in scale (spec/language.md §3.4)."""

    __slots__ = ("value",)

    def __init__(self, value: Decimal) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DecimalKey) and (other.value.as_tuple() == self.value.as_tuple())

    def __hash__(self) -> int:
        return hash((DecimalKey, self.value.as_tuple()))


class Function:
    """A function, lambda, block or method written in Soli, closed over its scope.

    `invoke` takes exactly `arity` positional arguments and is what fast paths call;
    `call(arguments, named, block)` binds defaults, labels and blocks. A method carries its
    receiver inside `invoke`/`call` (see `evaluator`), so calling needs nothing else.
    """

    __slots__ = (
        "arity",
        "auto",
        "call",
        "has_params",
        "invoke",
        "name",
        "node",
        "owner",
        "receiver",
        "required",
        "skips",
    )

    name: str
    arity: int
    """Number of parameters, or -1 when `invoke` must not be used (defaults, block parameter)."""
    required: int
    auto: bool
    """True when bare access by name calls it: it has no required parameter (spec §6.6)."""
    skips: bool
    """True when its body may end in a stray `next` or `break` (`invoke` then returns SKIP)."""
    has_params: bool
    invoke: Callable[..., Value]
    call: Callable[[list[Value], dict[str, Value] | None, Value], Value]
    node: Any
    owner: Any
    receiver: Value


class Sentinel:
    """A marker that no program can hold."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


SKIP = Sentinel("skip")
"""What a callback yields that ended in `next` or `break`: `map` drops it, others take null."""
