"""Data classes that cost next to nothing until they are used.

`dataclass(slots=True)` writes and compiles five functions per class, half a millisecond each time
Python starts; a script needs few of them. A `Record` compiles only its constructor, when the first
object is made.

    class Place(Record, frozen=True):
        line: int
        names: list[str] = field(default_factory=list)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

_MISSING = object()

R = TypeVar("R", bound="Record")


class Field:
    """What a class body says about one field."""

    __slots__ = ("compare", "default", "default_factory", "metadata")

    def __init__(
        self,
        default: Any,
        default_factory: Callable[[], Any] | None,
        compare: bool,
        metadata: dict[str, Any],
    ) -> None:
        self.default = default
        self.default_factory = default_factory
        self.compare = compare
        self.metadata = metadata


def field(
    *,
    default: Any = _MISSING,
    default_factory: Callable[[], Any] | None = None,
    compare: bool = True,
    metadata: dict[str, Any] | None = None,
) -> Any:
    """A field with a default made per object, without part in `==` and `<`, or with metadata."""
    return Field(default, default_factory, compare, metadata or {})


@dataclass_transform(field_specifiers=(field,))
class RecordType(type):
    """Makes record classes: annotated names become slots and constructor arguments, in order.

    `frozen`: objects cannot be changed, and can be hashed. `kw_only`: arguments by name only.
    `order`: `<` compares field by field.
    """

    record_fields: dict[str, Field]
    """All fields by name, inherited ones first."""
    is_frozen: bool
    is_kw_only: bool

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        frozen: bool = False,
        kw_only: bool = False,
        order: bool = False,
    ) -> RecordType:
        own = tuple(namespace.get("__annotations__", ()))
        fields: dict[str, Field] = {}
        for base in bases:
            fields |= getattr(base, "record_fields", {})
        for field_name in own:
            fields[field_name] = _declared(namespace.pop(field_name, _MISSING))
        namespace |= {"__slots__": own, "__match_args__": tuple(fields), "record_fields": fields}
        namespace |= {"is_frozen": frozen, "is_kw_only": kw_only}
        if frozen:
            namespace |= {
                "__setattr__": _refuse_change,
                "__delattr__": _refuse_change,
                "__hash__": _hash,
            }
        if order:
            namespace["__lt__"] = _is_less
        made = super().__new__(mcs, name, bases, namespace)
        if "__init__" not in namespace:
            made.__init__ = _constructor_on_demand(made)  # type: ignore[misc]
        return made

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **_: bool):
        super().__init__(name, bases, namespace)


def _declared(default: Any) -> Field:
    return default if isinstance(default, Field) else Field(default, None, True, {})


def _compared(record: Any) -> tuple[Any, ...]:
    return tuple(
        getattr(record, name) for name, field in type(record).record_fields.items() if field.compare
    )


def _hash(record: Any) -> int:
    return hash(_compared(record))


def _is_less(record: Any, other: Any) -> bool:
    return _compared(record) < _compared(other)


def _refuse_change(record: Any, name: str, *_: Any) -> None:
    raise AttributeError(f"{type(record).__name__} cannot be changed: '{name}'")


def _constructor_on_demand(made: RecordType) -> Callable[..., None]:
    def compile_and_run(self: Any, *values: Any, **named: Any) -> None:
        constructor = _constructor(made)
        made.__init__ = constructor  # type: ignore[misc]
        constructor(self, *values, **named)

    return compile_and_run


def _constructor(made: RecordType) -> Callable[..., None]:
    """`__init__` for *made*. Those of frozen records get past `__setattr__` through the slots."""
    names: dict[str, Any] = {"MISSING": _MISSING}
    parameters = ["self", *(["*"] if made.is_kw_only else [])]
    lines = []
    for name, declared in made.record_fields.items():
        value = name
        if declared.default_factory is not None:
            names[f"new_{name}"] = declared.default_factory
            value = f"new_{name}() if {name} is MISSING else {name}"
            parameters.append(f"{name}=MISSING")
        elif declared.default is not _MISSING:
            names[f"default_{name}"] = declared.default
            parameters.append(f"{name}=default_{name}")
        else:
            parameters.append(name)
        if made.is_frozen:
            names[f"put_{name}"] = getattr(made, name).__set__
            lines.append(f" put_{name}(self, {value})")
        else:
            lines.append(f" self.{name} = {value}")
    if hasattr(made, "__post_init__"):
        lines.append(" self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines or [" pass"]), names)
    constructor: Callable[..., None] = names["__init__"]
    constructor.__qualname__ = f"{made.__qualname__}.__init__"
    return constructor


class Record(metaclass=RecordType):
    """The base of all record classes."""

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _compared(self) == _compared(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in type(self).record_fields)
        return f"{type(self).__qualname__}({', '.join(shown)})"


def changed(record: R, **values: Any) -> R:
    """A copy of *record* with other *values* for some fields."""
    kept = {name: getattr(record, name) for name in type(record).record_fields}
    return type(record)(**{**kept, **values})
