"""Operations as they stand in the log, by their declarations.

An entry has the heads of its operations as one JSON text, and all payloads behind it in one piece.
A head is the code and the fields. In place of a payload stands its size at the end: of a text as it
is, of a binary one as its complement; so a node with nobody in a room passes over what is said
there. Options of a message are three texts before the size, and an ordinary message has none.

`VERSION` says how nodes speak. A change that others would not understand raises it, and then a node
does not start beside nodes of another version. `tests/log_versions/` holds what each version
writes, byte by byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ..core.effects import Payload, SendOptions
from ..core.operations.records import DECLARATIONS, Declaration, Operation
from . import operations as _  # noqa: F401 -- declares those of nodes

VERSION = 3
_VOLATILE = ":"
"""Stands before the key of a volatile message, which may be empty."""
_OPTIONS = 3

BY_CODE: dict[str, Declaration] = {one.code: one for one in DECLARATIONS.values()}

text_of = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""The heads of an entry as one text."""


class OtherShape(Exception):
    """An operation that is not as this version of the log has it."""


class UnknownOperation(OtherShape):
    """An operation that this version of the log does not have."""

    def __init__(self, code: object, origin: str) -> None:
        super().__init__(
            f"node '{origin}' writes operations {code!r}, which version {VERSION} of the log does "
            "not have; they are passed over: let all processes run one version of Soli"
        )


def encode(operations: Iterable[Operation]) -> tuple[list[list[Any]], list[bytes]]:
    """The heads of an entry, and the payloads of those operations that have one."""
    heads: list[list[Any]] = []
    payloads: list[bytes] = []
    for operation in operations:
        declaration = DECLARATIONS[operation.__class__]
        at = declaration.payload
        if at is None:
            heads.append([declaration.code, *operation])
            continue
        head = [declaration.code, *operation[:at]]
        if declaration.has_options and operation[at + 1] is not None:
            head += _texts_of(operation[at + 1])
        payload: Payload = operation[at]
        if isinstance(payload, str):
            raw = payload.encode("utf-8", "surrogatepass")
            head.append(len(raw))
        else:
            raw = payload
            head.append(~len(raw))
        heads.append(head)
        payloads.append(raw)
    return heads, payloads


def heads_in(text: bytes) -> list[list[Any]]:
    """The heads of an entry. Raises ValueError for what is no JSON."""
    heads: list[list[Any]] = json.loads(text)
    return heads


def length_of(size: int) -> int:
    """How many bytes the payload has whose *size* a head holds."""
    return size if size >= 0 else ~size


def payload_at(payloads: bytes, start: int, size: int) -> Payload:
    """A payload out of those of an entry, *size* as its head has it."""
    if size < 0:
        return payloads[start : start + ~size]
    return payloads[start : start + size].decode("utf-8", "surrogatepass")


def operation_of(
    declaration: Declaration, head: Sequence[Any], payload: Payload | None, origin: str
) -> Operation:
    """The operation with a *head* without its size. Raises OtherShape."""
    at = declaration.payload
    if at is None:
        given = len(head) - 1
        if not declaration.least <= given <= len(declaration.fields):
            raise _other_shape(declaration, given, len(declaration.fields), origin)
        operation: Operation = declaration.record(*head[1:])
        return operation
    given, wanted = len(head) - 1, at
    if given == wanted:
        operation = declaration.record(*head[1:], payload)
    elif declaration.has_options and given == wanted + _OPTIONS:
        options = _options_in(*head[1 + at :])
        operation = declaration.record(*head[1 : 1 + at], payload, options)
    else:
        raise _other_shape(declaration, given, wanted, origin)
    return operation


def _other_shape(declaration: Declaration, given: int, wanted: int, origin: str) -> OtherShape:
    return OtherShape(
        f"node '{origin}' writes {declaration.name} with {given} fields, and version {VERSION} of "
        f"the log has {wanted}: let all processes run one version of Soli, or give that one an "
        "--app-name of its own"
    )


def _texts_of(options: SendOptions) -> list[str]:
    key = "" if options.key is None else _VOLATILE + options.key
    return [options.but or "", options.sender, key]


def _options_in(but: str, sender: str, key: str) -> SendOptions:
    return SendOptions(but or None, key[1:] if key else None, sender)
