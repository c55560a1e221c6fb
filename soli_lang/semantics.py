"""The language's opinions, each in one place: truth, equality, order, text, types, keys.

Sources: spec/language.md §3, spec/stdlib.md §0-1, spec/decisions.md 10-14.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from .errors import SoliTypeError
from .objects import EnumValue, ErrorValue, Instance, SoliClass
from .values import (
    FALSE_KEY,
    TRUE_KEY,
    BoolKey,
    DecimalKey,
    Function,
    Symbol,
    Value,
)

MAX_INT = 2**63 - 1
MIN_INT = -(2**63)

ALWAYS_TRUE = frozenset({float, Decimal})
"""Python takes their zeros for false; Soli does not."""

TYPE_NAMES: dict[type, str] = {
    int: "int",
    float: "float",
    Decimal: "decimal",
    str: "string",
    Symbol: "symbol",
    bool: "bool",
    type(None): "null",
    list: "array",
    dict: "hash",
    bytes: "bytes",
    Function: "Function",
    SoliClass: "Class",
}

PROPERTY_OWNERS = {"array": "Array", "string": "String", "hash": "Hash"}


def type_name(value: Value) -> str:
    """What `type(value)` is (spec/language.md §3.1)."""
    name = TYPE_NAMES.get(value.__class__)
    if name is not None:
        return name
    if isinstance(value, Instance):
        return value.soli_class.name
    return getattr(value, "soli_type", "Function")


def owner_name(value: Value) -> str:
    """How property errors call the type of *value*: `Cannot access property 'x' on …`."""
    if value.__class__ is SoliClass:
        return str(value.name)
    name = type_name(value)
    return PROPERTY_OWNERS.get(name, name)


def is_truthy(value: Value) -> bool:
    """False for `false`, `null`, Int 0, `""`, `[]` and `{}` only (spec/language.md §3.2)."""
    return bool(value) or value.__class__ in ALWAYS_TRUE


# --- equality and order ---


def equals(left: Value, right: Value) -> bool:
    """`==` (spec/language.md §3.4): never raises."""
    if left is right:
        return not (left.__class__ is float and left != left)
    kind, other = left.__class__, right.__class__
    if kind is other:
        if kind in _PLAIN:
            return bool(left == right)
        return _equals_same_kind(left, right)
    if kind in _NUMBERS and other in _NUMBERS:
        return bool(left == right)
    return _equals_mixed(left, right)


_PLAIN = frozenset({int, float, str, bool, bytes, Symbol})
_NUMBERS = frozenset({int, float})


def _equals_same_kind(left: Value, right: Value) -> bool:
    if isinstance(left, Decimal):
        return left == right and left.as_tuple().exponent == right.as_tuple().exponent
    if isinstance(left, list):
        return len(left) == len(right) and _all_equal(left, right)
    if isinstance(left, dict):
        return _hashes_equal(left, right)
    if isinstance(left, EnumValue):
        return (
            left.soli_class is right.soli_class
            and left.variant == right.variant
            and all(equals(left.fields[name], right.fields.get(name)) for name in left.fields)
        )
    same = getattr(left, "soli_equals", None)
    return bool(same(right)) if same is not None else False


def _equals_mixed(left: Value, right: Value) -> bool:
    if isinstance(left, ErrorValue) and isinstance(right, str):
        return left.text() == right
    if isinstance(right, ErrorValue) and isinstance(left, str):
        return right.text() == left
    return False


def _all_equal(left: list[Value], right: list[Value]) -> bool:
    return _compare_pairs([(left, right)])


def _hashes_equal(left: dict[Any, Value], right: dict[Any, Value]) -> bool:
    return _compare_pairs([(left, right)])


def _compare_pairs(pending: list[tuple[Value, Value]]) -> bool:
    """Compare containers with a stack of our own, so that depth and cycles cannot hurt."""
    seen: set[tuple[int, int]] = set()
    while pending:
        left, right = pending.pop()
        if left is right:
            continue
        kind = left.__class__
        if kind is not right.__class__ or kind not in (list, dict):
            if not equals(left, right):
                return False
            continue
        if len(left) != len(right):
            return False
        pair = (id(left), id(right))
        if pair in seen:
            continue
        seen.add(pair)
        if kind is list:
            pending.extend(zip(left, right, strict=True))
        else:
            for key, value in left.items():
                if key not in right:
                    return False
                pending.append((value, right[key]))
    return True


_ORDERED = frozenset({int, float, Decimal})


def compare(operator: str, left: Value, right: Value) -> bool:
    """`<`, `<=`, `>` or `>=` (spec/language.md §3.5). Raises SoliTypeError for other pairs."""
    kind, other = left.__class__, right.__class__
    plain = (kind in _ORDERED and other in _ORDERED) or (kind is str and other is str)
    if plain:
        pass
    elif kind is other and hasattr(left, "soli_order"):
        left, right = left.soli_order(), right.soli_order()
    else:
        raise SoliTypeError(f"Cannot compare {type_name(left)} and {type_name(right)}")
    if operator == "<":
        return bool(left < right)
    if operator == "<=":
        return bool(left <= right)
    if operator == ">":
        return bool(left > right)
    return bool(left >= right)


# --- hash keys ---


def to_key(value: Value) -> Any:
    """The Python dict key that stands for the hash key *value*.

    Raises SoliTypeError for a value that cannot be a key (spec/language.md §3.9).
    """
    kind = value.__class__
    if kind is str or kind is int or value is None or kind is Symbol:
        return value
    if kind is bool:
        return TRUE_KEY if value else FALSE_KEY
    if kind is Decimal:
        return DecimalKey(value)
    raise SoliTypeError(f"Cannot use {type_name(value)} as hash key")


def is_key(value: Value) -> bool:
    """Whether *value* can be a hash key."""
    kind = value.__class__
    return kind in _KEY_KINDS


_KEY_KINDS = frozenset({str, int, type(None), Symbol, bool, Decimal})


def from_key(key: Any) -> Value:
    """The Soli value that the Python dict key *key* stands for."""
    if key.__class__ is BoolKey or key.__class__ is DecimalKey:
        return key.value
    return key


# --- text ---


def float_text(value: float) -> str:
    """Shortest digits that round-trip, never an exponent, no `.0` (spec/stdlib.md §1.1)."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = repr(value)
    if "e" in text:
        return _without_exponent(text)
    return text[:-2] if text.endswith(".0") else text


def _without_exponent(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits, point = whole + fraction, len(whole) + int(exponent)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def to_text(value: Value) -> str:
    """The display form: what `print`, `str`, interpolation and `+` show (spec/stdlib.md §1.1)."""
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return int.__repr__(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is float:
        return float_text(value)
    if kind is list or kind is dict:
        return _Display().container(value)
    return _object_text(value)


def _object_text(value: Value) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Symbol):
        return f":{value.name}"
    if isinstance(value, Function):
        return f"<fn {value.name}>"
    if isinstance(value, SoliClass):
        return f"<class {value.name}>"
    if isinstance(value, ErrorValue):
        return value.text()
    if isinstance(value, Instance):
        return _Display().instance(value)
    if isinstance(value, bytes):
        return f"<bytes {len(value)}>"
    text = getattr(value, "soli_text", None)
    return str(text()) if text is not None else f"<{type_name(value)}>"


MAX_DISPLAY_DEPTH = 100
MAX_DISPLAY_LENGTH = 16 * 1024 * 1024


class _Display:
    """Writes one container; knows what is open, so a cycle prints as `[...]` (decision 13)."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open: set[int] = set()

    def show(self, value: Value) -> str:
        kind = value.__class__
        if kind is list or kind is dict:
            return self.container(value)
        if isinstance(value, Instance) and not isinstance(value, ErrorValue):
            return self.instance(value)
        return to_text(value)

    def container(self, value: Value) -> str:
        is_list = value.__class__ is list
        if not value:
            return "[]" if is_list else "{}"
        if id(value) in self.open or len(self.open) >= MAX_DISPLAY_DEPTH:
            return "[...]" if is_list else "{...}"
        self.open.add(id(value))
        show = self.show
        if is_list:
            text = f"[{', '.join([show(item) for item in value])}]"
        else:
            pairs = [f"{to_text(from_key(key))} => {show(item)}" for key, item in value.items()]
            text = f"{{{', '.join(pairs)}}}"
        self.open.discard(id(value))
        if len(text) > MAX_DISPLAY_LENGTH:
            raise SoliTypeError("value is too large to display")
        return text

    def instance(self, value: Instance) -> str:
        fields = [*value.shown_fields()]
        if not fields:
            return f"<{value.soli_class.name} instance>"
        if id(value) in self.open or len(self.open) >= MAX_DISPLAY_DEPTH:
            return f"<{value.soli_class.name} ...>"
        self.open.add(id(value))
        texts = [
            f'{name}: "{item}"' if item.__class__ is str else f"{name}: {self.show(item)}"
            for name, item in fields
        ]
        self.open.discard(id(value))
        return f"<{value.soli_class.name} {(',' + chr(10) + ' ').join(texts)}>"


# --- inspect ---

_WIDE = 80
_WIDE_NESTED_HASH_VALUE = 60
_MOST_ITEMS = 10


def inspect(value: Value) -> str:
    """The form for programmers: strings quoted, long containers over lines (stdlib.md §1.2)."""
    if isinstance(value, ErrorValue):
        return _inspect_instance(value)
    kind = value.__class__
    if kind is list or kind is dict:
        line = _inline(value, set())
        return line if len(line) <= _WIDE else _multi_line(value, 0, set())
    if isinstance(value, Instance):
        return _inspect_instance(value)
    return _inline(value, set())


def _inspect_instance(value: Instance) -> str:
    fields = [*value.shown_fields()]
    if not fields:
        return f"<{value.soli_class.name} instance>"
    texts = [f"{name}: {_inline(item, {id(value)})}" for name, item in fields]
    return f"<{value.soli_class.name} {(',' + chr(10) + ' ').join(texts)}>"


def _inspect_scalar(value: Value) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Decimal):
        return f"Decimal({value:f})"
    if isinstance(value, Function):
        return "<function>"
    custom = getattr(value, "soli_inspect", None)
    return str(custom()) if custom is not None else to_text(value)


def _inspect_key(key: Any) -> str:
    return f'"{key}"' if key.__class__ is str else to_text(from_key(key))


def _inline(value: Value, open_: set[int]) -> str:
    kind = value.__class__
    if kind is not list and kind is not dict:
        return (
            _short_instance(value, open_) if isinstance(value, Instance) else _inspect_scalar(value)
        )
    if id(value) in open_ or len(open_) >= MAX_DISPLAY_DEPTH:
        return "[...]" if kind is list else "{...}"
    open_.add(id(value))
    if kind is list:
        text = f"[{', '.join([_inline(item, open_) for item in value])}]"
    else:
        pairs = [f"{_inspect_key(key)}: {_inline(item, open_)}" for key, item in value.items()]
        text = f"{{{', '.join(pairs)}}}"
    open_.discard(id(value))
    return text


def _short_instance(value: Instance, open_: set[int]) -> str:
    if id(value) in open_:
        return f"<{value.soli_class.name} ...>"
    open_.add(id(value))
    names = sorted(value.fields, key=lambda name: name != "_key")
    shown = [name for name in names if name == "_key" or not name.startswith("_")]
    texts = []
    for name in shown[:3]:
        text = _inline(value.fields[name], open_)
        texts.append(f"{name}: {text if len(text.encode()) <= 30 else text[:27] + '...'}")
    if len(shown) > 3:
        texts.append("...")
    open_.discard(id(value))
    return (
        f"<{value.soli_class.name} {', '.join(texts)}>" if texts else f"<{value.soli_class.name}>"
    )


def _multi_line(value: Value, level: int, open_: set[int]) -> str:
    if id(value) in open_ or level >= MAX_DISPLAY_DEPTH:
        return "[...]" if value.__class__ is list else "{...}"
    open_.add(id(value))
    inner = "  " * (level + 1)
    if value.__class__ is list:
        lines = [inner + _nested(item, level + 1, _WIDE, open_) for item in value[:_MOST_ITEMS]]
        if len(value) > _MOST_ITEMS:
            lines.append(f"{inner}... ({len(value) - _MOST_ITEMS} more)")
        brackets = "[]"
    else:
        width = _WIDE_NESTED_HASH_VALUE
        lines = [
            f"{inner}{_inspect_key(key)}: {_nested(item, level + 1, width, open_)}"
            for key, item in value.items()
        ]
        brackets = "{}"
    open_.discard(id(value))
    body = ",\n".join(lines)
    return f"{brackets[0]}\n{body}\n{'  ' * level}{brackets[1]}"


def _nested(value: Value, level: int, width: int, open_: set[int]) -> str:
    line = _inline(value, open_)
    if value.__class__ in (list, dict) and len(line) > width:
        return _multi_line(value, level, open_)
    return line
