"""Soli values that Python does not have already.

Int, Float, String, Bool, Null, Array, Hash and Bytes are Python's own `int`, `float`, `str`,
`bool`, `None`, `list`, `dict` and `bytes`; Decimal is `decimal.Decimal`. So JSON is orjson's and
hosts convert nothing. The one trap: Python takes the dict keys `1`, `True`, `1.0` and
`Decimal(1)` for one key and Soli does not, so Bool and Decimal keys are stored wrapped
(`BoolKey`, `DecimalKey`); see `kinds.to_key` and `from_key`.
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
    """A Decimal as a hash key: equal in value and in scale (docs/spec §3.4)."""

    __slots__ = ("value",)

    def __init__(self, value: Decimal) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DecimalKey) and (other.value.as_tuple() == self.value.as_tuple())

    def __hash__(self) -> int:
        return hash((DecimalKey, self.value.as_tuple()))


class FunctionCode:
    """What all functions made from one piece of program text share; the evaluator's `Code`.

    *captured* is what they see of the variables around them, *this* their receiver (UNSET without).
    """

    __slots__ = ("arity", "auto", "is_leaf", "name", "node", "pending", "required", "skips")

    name: str
    arity: int
    required: int
    """Parameters without default."""
    auto: bool
    """True when bare access by name calls it (docs/spec §6.6)."""
    skips: bool
    """Whether its body may end in a stray `next` or `break`."""
    is_leaf: bool
    """Whether `invoke` takes no place in the depth of calls, because its body calls nothing."""
    pending: bool
    """Whether it is still to be compiled."""
    node: Any

    def bind(self, captured: Any, this: Value) -> Function:
        """A function of that code."""
        raise NotImplementedError

    def prepare(self, function: Function) -> None:
        """Compile it for a function that was made before, where `pending`."""
        raise NotImplementedError

    def call(
        self,
        captured: Any,
        this: Value,
        arguments: list[Value],
        named: dict[str, Value] | None,
        block: Value,
    ) -> Value:
        """Bind any arguments, and run it."""
        raise NotImplementedError

    def as_method(self, captured: Any) -> Callable[..., Value]:
        """(this, *arguments) -> value, for exactly `arity` arguments."""
        raise NotImplementedError

    def loop(self, kind: str, captured: Any, this: Value) -> Callable[[list[Value]], Any] | None:
        """A loop over many items, paid for (see `iteration`). None where the body is no such."""
        raise NotImplementedError


class Function:
    """A function, lambda, block or method written in Soli, closed over its scope.

    `invoke` takes exactly `arity` positional arguments and is what fast paths call; `arity` is -1
    where it must not be used (defaults, a block parameter). `raw` is `invoke` that yields SKIP when
    the body ended in `next` or `break`.
    """

    __slots__ = ("arity", "auto", "captured", "code", "invoke", "raw", "receiver")

    invoke: Callable[..., Value]

    def __init__(self, code: FunctionCode, captured: Any, receiver: Value) -> None:
        self.code = code
        self.captured = captured
        self.receiver = receiver
        self.raw: Callable[..., Value] | None = None
        self.arity = code.arity
        self.auto = code.auto

    @property
    def name(self) -> str:
        return self.code.name

    @property
    def node(self) -> Any:
        return self.code.node

    def call(self, arguments: list[Value], named: dict[str, Value] | None, block: Value) -> Value:
        """Call with any arguments (docs/spec §6.3)."""
        return self.code.call(self.captured, self.receiver, arguments, named, block)

    def rebind(self, receiver: Value) -> Function:
        """The same function with another `this` (`define_method`, `instance_eval`)."""
        return self.code.bind(self.captured, receiver)


class Sentinel:
    """A marker that no program can hold."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


UNSET = Sentinel("unset")
"""A variable that nothing was assigned to yet."""

SKIP = Sentinel("skip")
"""What a callback yields that ended in `next` or `break`: `map` drops it, others take null."""
