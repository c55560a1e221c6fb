"""The messages that a file declares (`ws_message`), as the type of `event["payload"]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from soli_lang.tools.inference.types import ANY, Atom, Shape, Type, array_of, shown
from soli_lang.tree import nodes

WORD: Final = "ws_message"
_KINDS: Final = {
    "String": "string",
    "Int": "int",
    "Float": "float",
    "Bool": "bool",
    "Array": "array",
    "Hash": "hash",
    "Null": "null",
}


def payload_type(program: nodes.Program) -> Type | tuple[()]:
    """What a declared message has in its payload; the empty type: none is declared."""
    declared = [one for one in map(_declaration, _calls(program)) if one is not None]
    if not declared:
        return ()
    names = " or ".join(f"'{event}'" for event, _ in declared)
    return _hash([fields for _, fields in declared], f"the message {names}")


def declared_events(program: nodes.Program) -> list[str]:
    """The events that *program* declares."""
    return [one[0] for one in map(_declaration, _calls(program)) if one is not None]


def payload_fields(
    program: nodes.Program, keys: Sequence[str], event: str | None = None
) -> dict[str, str]:
    """Fields of the Hash at *keys* in the payload, and a few words about each.

    Those of all messages that *program* declares, or of *event* alone.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for call in _calls(program):
        declared = _declaration(call)
        if declared is None or event not in (None, declared[0]):
            continue
        for field, written in _written_at(declared[1], keys).items():
            found.setdefault(field, []).append((_in_words(written), declared[0]))
    return {field: _about(those) for field, those in found.items()}


def _written_at(written: Any, keys: Sequence[str]) -> dict[str, Any]:
    for key in keys:
        written = (_pairs(written) or {}).get(key)
    return _pairs(written) or {}


def _in_words(written: Any) -> str:
    type_ = _field(written, "")
    items = type_[0].item if type_ and type_[0].kind == "array" else ANY
    if items is not ANY:
        return f"[{shown(items)}]"
    return "a value that a validator accepts" if type_ is ANY else shown(type_)


def _about(those: Sequence[tuple[str, str]]) -> str:
    kinds = " or ".join(dict.fromkeys(kind for kind, _ in those))
    events = " and ".join(f"'{event}'" for _, event in those)
    return f"{kinds}, in the payload of {events}"


def _calls(program: nodes.Program) -> list[nodes.Call]:
    calls = nodes.every(program, (nodes.Call,))
    return [one for one in calls if getattr(one.callee, "name", None) == WORD]


def _declaration(call: nodes.Call) -> tuple[str, nodes.Node] | None:
    if len(call.arguments) != 2:
        return None
    event, fields = (one.value for one in call.arguments)
    is_text = isinstance(event, nodes.Literal) and isinstance(event.value, str)
    return (event.value, fields) if is_text else None  # type: ignore[attr-defined]


def _hash(written: Sequence[Any], contract: str) -> Type:
    """Hashes with the fields that one of *written* has."""
    fields: dict[str, Type] = {}
    for one in written:
        pairs = _pairs(one)
        if pairs is None:
            return (Atom("hash"),)
        for key, value in pairs.items():
            type_ = _field(value, f"'{key}'")
            fields[key] = type_ if fields.get(key, type_) == type_ else ANY
    return (Atom("hash", shape=Shape(fields, contract=contract)),)


def _pairs(written: Any) -> dict[str, Any] | None:
    """Key -> value of a hash as it stands; None for what is none."""
    if not isinstance(written, nodes.HashLiteral):
        return None
    found = {}
    for key, value in written.pairs:
        name = key.value if isinstance(key, nodes.Literal) else None
        name = getattr(name, "name", name)  # of a symbol
        if not isinstance(name, str):
            return None
        found[name] = value
    return found


def _field(written: Any, contract: str) -> Type:
    if isinstance(written, nodes.Name) and written.name in _KINDS:
        return (Atom(_KINDS[written.name]),)
    if isinstance(written, nodes.HashLiteral):
        return _hash([written], contract)
    if isinstance(written, nodes.ArrayLiteral) and len(written.items) == 1:
        return array_of(_field(written.items[0], contract))
    return ANY  # a validator: it may leave the field out
