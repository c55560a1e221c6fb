"""`V.*`: validators for `validate` (docs/spec §L18). A validator never changes."""

from __future__ import annotations

from typing import Any

from soli_lang.base.errors import SoliPlainTypeError
from soli_lang.native.native import Any_, Arg, Array, Int, Name, Number, String, method, static
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Symbol, Value

NO_DEFAULT = object()


class Validator:
    """What one field must be: a kind to coerce to, then rules in the order written."""

    __slots__ = ("default", "element", "is_nullable", "is_required", "kind", "rules", "schema")

    soli_type = "Validator"

    def __init__(self, kind: str) -> None:
        self.kind = kind
        """`string`, `int`, `float`, `bool`, `array` or `hash`."""
        self.is_required = False
        self.is_nullable = False
        self.default: Value = NO_DEFAULT
        self.rules: tuple[tuple[str, Value], ...] = ()
        """(name of the rule, its parameter)"""
        self.element: Validator | None = None
        """Of an array: what each item must be."""
        self.schema: dict[Any, Value] | None = None
        """Of a hash: field -> validator."""

    def changed(self, **changes: Any) -> Validator:
        """A copy with some attributes changed."""
        copy = Validator(self.kind)
        for name in self.__slots__:
            setattr(copy, name, changes.get(name, getattr(self, name)))
        return copy

    def with_rule(self, name: str, parameter: Value = None) -> Validator:
        return self.changed(rules=(*self.rules, (name, parameter)))

    def soli_text(self) -> str:
        return f"<Validator {self.kind}>"


TYPES: dict[str, tuple[type, ...]] = {"Validator": (Validator,)}


# --- kinds ----------------------------------------------------------------------------------------


@static("V", "string")
def string() -> Validator:
    """Text; Int, Float and Bool become their display form."""
    return Validator("string")


@static("V", "int")
def int_() -> Validator:
    """An Int; Float, Bool and numeric text are converted."""
    return Validator("int")


@static("V", "float")
def float_() -> Validator:
    """A Float; Int, Bool and numeric text are converted."""
    return Validator("float")


@static("V", "bool")
def bool_() -> Validator:
    """A Bool; numbers and words such as `yes` and `off` are converted."""
    return Validator("bool")


@static("V", "array", Any_.optional())
def array(element: Value) -> Validator:
    """An Array, each item of which satisfies *element*."""
    if element is not None and not isinstance(element, Validator):
        raise SoliPlainTypeError(f"V.array() expects a validator, got {type_name(element)}")
    return Validator("array").changed(element=element)


@static("V", "hash", Any_.optional())
def hash_(schema: Value) -> Validator:
    """A Hash whose fields satisfy *schema*."""
    if schema is not None and not isinstance(schema, dict):
        raise SoliPlainTypeError(f"V.hash() expects a schema hash, got {type_name(schema)}")
    return Validator("hash").changed(schema=schema)


# --- presence -------------------------------------------------------------------------------------


@method("Validator", "required", bare=True)
def required(validator: Validator) -> Validator:
    """The field must be there and not null."""
    return validator.changed(is_required=True)


@method("Validator", "optional", bare=True)
def optional(validator: Validator) -> Validator:
    """The field may be missing (as it may by default)."""
    return validator.changed(is_required=False)


@method("Validator", "nullable", bare=True)
def nullable(validator: Validator) -> Validator:
    """The field may be null, which is kept."""
    return validator.changed(is_nullable=True)


@method("Validator", "default", Any_)
def default(validator: Validator, value: Value) -> Validator:
    """What the field is when it is missing or null."""
    return validator.changed(default=value)


# --- rules ----------------------------------------------------------------------------------------


_LIMITS = {
    "min": "The number must be at least *limit*.",
    "max": "The number must be at most *limit*.",
    "min_length": "The text or array must have at least *limit* characters or items.",
    "max_length": "The text or array must have at most *limit* characters or items.",
}
_FORMS = {
    "email": "The text must be an address for mail.",
    "url": "The text must be a URL of `http` or `https`.",
    "letters": "The text must have a letter.",
    "mixed_case": "The text must have upper and lower case letters.",
    "numbers": "The text must have a digit.",
    "symbols": "The text must have a character that is neither letter, digit nor white space.",
}


def _with_number(name: str, arg: Arg) -> Any:
    def rule(validator: Validator, limit: int | float) -> Validator:
        return validator.with_rule(name, limit)

    rule.__doc__ = _LIMITS[name]
    return method("Validator", name, arg)(rule)


min_ = _with_number("min", Number)
max_ = _with_number("max", Number)
min_length = _with_number("min_length", Int)
max_length = _with_number("max_length", Int)


def _plain(name: str) -> Any:
    def rule(validator: Validator) -> Validator:
        return validator.with_rule(name)

    rule.__doc__ = _FORMS[name]
    return method("Validator", name, bare=True)(rule)


email = _plain("email")
url = _plain("url")
letters = _plain("letters")
mixed_case = _plain("mixed_case")
numbers = _plain("numbers")
symbols = _plain("symbols")


@method("Validator", "pattern", String)
def pattern(validator: Validator, regex: str) -> Validator:
    """The text must match *regex* somewhere."""
    return validator.with_rule("pattern", regex)


@method("Validator", "one_of", Array)
def one_of(validator: Validator, values: list[Value]) -> Validator:
    """The value must be one of *values*."""
    return validator.with_rule("one_of", list(values))


@method("Validator", "confirmation", Name)
def confirmation(validator: Validator, field: str | Symbol) -> Validator:
    """The value must equal the other field's."""
    return validator.with_rule("confirmation", field.name if isinstance(field, Symbol) else field)
