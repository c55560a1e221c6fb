"""What an action reads of a request's body, decoded when it is asked for (docs/spec §L24.2).

A client chooses the body, so nothing of it is decoded before the action runs: who asks pays, out of
the budget of the call. All is done in pieces between which the budget is looked at.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Collection, Iterator
from typing import Any

from soli_stdlib.json.text import decode as decode_json
from soli_stdlib.json.text import pay_for_reading
from soli_stdlib.text.character_sets import codec, decode_text

from soli_lang.base.errors import LimitError, SoliError
from soli_lang.machine.machine import Machine

from ...routing.event_use import BODY_PARTS
from ..queries import Spend, free, parse_pairs, parse_query
from ..requests import RawRequest

FORM = "application/x-www-form-urlencoded"

PIECE_BYTES = 32 * 1024
"""Bytes that are decoded in one go: 8 ms for the slowest charset, with every byte wrong."""


def add_parts(
    request: dict[str, Any], raw: RawRequest, wanted: Collection[str], machine: Machine
) -> None:
    """Add those of `BODY_PARTS` to *request* that are *wanted* and not there.

    Raises LimitError when decoding takes more than the running call may use.
    """
    reader = _BodyReader(request, raw, machine)
    for part in BODY_PARTS:
        if part in wanted and part not in request:
            request[part] = reader.read(part)


class _BodyReader:
    """Reads each part once."""

    def __init__(self, request: dict[str, Any], raw: RawRequest, machine: Machine) -> None:
        self._request = request
        self._raw = raw
        self._machine = machine
        self._media_type, self._charset = raw.content_type
        self._parts: dict[str, Any] = {}

    def read(self, part: str) -> Any:
        """One of `BODY_PARTS`."""
        if part in self._request:
            return self._request[part]
        if part not in self._parts:
            self._parts[part] = getattr(self, f"_{part}")()
        return self._parts[part]

    def _body(self) -> str:
        self._machine.claim(len(self._raw.body))
        return decoded(self._raw.body, self._charset, self._machine.spend)

    def _json(self) -> Any:
        """The body as a Soli value; null when it is not JSON, or too deep."""
        if not _is_json(self._media_type):
            return None
        text = self.read("body")
        pay_for_reading(self._machine, text)
        try:
            return decode_json(text, spend=self._machine.spend)
        except LimitError:
            raise
        except SoliError:
            return None

    def _form(self) -> dict[str, Any]:
        if self._raw.fields is not None:
            return parse_pairs(self._raw.fields)
        if self._media_type == FORM:
            return parse_query(self.read("body"), self._machine.spend)
        return {}

    def _files(self) -> list[dict[str, Any]]:
        return [file.to_hash() for file in self._raw.files]

    def _all(self) -> dict[str, Any]:
        """All that the request said, the route's own segments last: nothing overrides them."""
        data = self.read("json")
        return {
            **self._request["query"],
            **(data if isinstance(data, dict) else {}),
            **self.read("form"),
            **self._request["params"],
        }


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def decoded(body: bytes, charset: str, spend: Spend = free) -> str:
    """*body* as text, paid piece by piece with *spend*.

    Of a charset that browsers do not know (Python's own are slow or unsafe for bytes of strangers:
    punycode takes quadratic time) it is read as UTF-8.
    """
    label = charset.lower().replace("latin-", "latin")
    try:
        name = codec(label)
    except SoliError:
        label = name = "utf-8"
    if len(body) <= PIECE_BYTES:
        return decode_text(body, label)
    pieces = _pieces(body, spend, PIECE_BYTES >> (7 if name == "utf-8" else 4))
    if name == "cp1252":  # not quite Python's, and byte by byte
        return "".join([decode_text(piece, label) for piece in pieces])
    decoder = getincrementaldecoder(name)(errors="replace")
    text = "".join([*map(decoder.decode, pieces), decoder.decode(b"", True)])
    return text.removeprefix("\ufeff") if name.startswith("utf") else text


def _pieces(body: bytes, spend: Spend, price: int) -> Iterator[bytes]:
    for start in range(0, len(body), PIECE_BYTES):
        spend(price)
        yield body[start : start + PIECE_BYTES]
