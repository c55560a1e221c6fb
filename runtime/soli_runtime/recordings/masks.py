"""Stand-ins for secrets and personal data, by the names under which they stand.

A value is masked wherever it stands under such a name, and the same text wherever else it is met
after that. The same value has the same stand-in throughout one recording, so what was equal stays
equal. Nothing tells which value a stand-in is of: the key of the hash is not kept.
"""

from __future__ import annotations

import hmac
import json
import os
import re
from collections.abc import Iterable
from typing import Any

from ..observing.redacting import is_secret
from .plain_values import MARK

SHORTEST_INSIDE = 4
"""Characters of a value that is masked inside of longer texts, too."""

MOST_KNOWN = 500
"""Values that are looked for elsewhere: those that were met last."""

STAND_IN = re.compile(r"\[masked [0-9a-f]{10}\]")
_NAMED_FIRST = ("getenv", "session_get", "session_set", "KV.", "Cache.", "System.")
"""Builtins whose first argument says what the others are."""
_SECRETS = ("argon2", "password", "Crypto.argon2", "Crypto.password", "Crypto.encrypt")
"""Builtins all of whose arguments are secret."""
_PAIR = re.compile(r"""(\\{0,3})"([^"\\]*)\1": ?\1"((?:[^"\\]|\\.)*?)\1\"""")
_BEGINS_AS_JSON = ("{", "[", '"')
_MAX_DEPTH = 100


class Masks:
    """What is masked in one recording: secrets, and what stands under *keys*."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self.keys = tuple(dict.fromkeys(key.lower() for key in keys))
        self._key = os.urandom(16)
        self._known: dict[str, str] = {}

    def is_masked(self, name: str) -> bool:
        """Whether what stands under *name* is masked."""
        return name.lower() in self.keys or is_secret(name)

    def entry(self, entry: dict[str, Any]) -> dict[str, Any]:
        """A copy of *entry* of a recording, masked."""
        self._collect(entry, "", 0)
        for question in entry.get("asked", ()):
            if self._is_secret_question(question):
                self._learn_all([question[1][1:], question[2:3]])
        masked: dict[str, Any] = self._masked(entry, 0)
        return masked

    def _is_secret_question(self, question: list[Any]) -> bool:
        name, arguments = question[0], question[1]
        if name.startswith(_SECRETS):
            return True
        first = arguments[0] if arguments else None
        return isinstance(first, str) and name.startswith(_NAMED_FIRST) and self.is_masked(first)

    # What is to be masked

    def _collect(self, value: Any, name: str, depth: int) -> None:
        if depth > _MAX_DEPTH:
            return
        if name and self.is_masked(name):
            self._learn_all(value)
        elif isinstance(value, dict):
            for key, item in value.items():
                self._collect(item, str(key), depth + 1)
        elif isinstance(value, list):
            for item in value:
                self._collect(item, "", depth + 1)
        elif isinstance(value, str) and value.startswith(_BEGINS_AS_JSON):
            self._collect_text(value, depth)

    def _collect_text(self, text: str, depth: int) -> None:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            for pair in _PAIR.finditer(text):
                if self.is_masked(pair[2]) and pair[3]:
                    self._learn_all(pair[3])
            return
        if isinstance(found, dict | list):
            self._collect(found, "", depth + 1)

    def _learn_all(self, value: Any) -> None:
        if isinstance(value, dict):
            for item in value.values():
                self._learn_all(item)
        elif isinstance(value, list):
            for item in value:
                self._learn_all(item)
        elif isinstance(value, str) and value and not STAND_IN.fullmatch(value):
            self._known.pop(value, None)
            self._known[value] = self._stand_in(value)
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]

    def _stand_in(self, value: object) -> str:
        data = repr(value).encode("utf-8", "replace")
        return f"[masked {hmac.digest(self._key, data, 'sha256').hex()[:10]}]"

    # Masking

    def _masked(self, value: Any, depth: int, name: str = "") -> Any:
        if depth > _MAX_DEPTH:
            return value
        if name and self.is_masked(name):
            return self._hidden(value)
        if isinstance(value, dict):
            return {key: self._masked(item, depth + 1, str(key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._masked(item, depth + 1) for item in value]
        return self.text(value, depth) if isinstance(value, str) else value

    def _hidden(self, value: Any) -> Any:
        """All that is in *value* as stand-ins; its shape stays."""
        if isinstance(value, dict):
            if MARK in value:
                return self._stand_in(value)
            return {key: self._hidden(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._hidden(item) for item in value]
        if value is None or isinstance(value, bool) or value == "":
            return value
        return self._known.get(value) or self._stand_in(value)

    def text(self, text: str, depth: int = 0) -> str:
        """*text* with stand-ins in it, also inside of JSON."""
        if text.startswith(_BEGINS_AS_JSON):
            text = self._json(text, depth)
        whole = self._known.get(text)
        if whole is not None:
            return whole
        for value, stand_in in self._known.items():
            if len(value) >= SHORTEST_INSIDE and value in text:
                text = text.replace(value, stand_in)
        return text

    def _json(self, text: str, depth: int) -> str:
        try:
            value = json.loads(text)
            if not isinstance(value, dict | list):
                return text
            again = self._masked(value, depth + 1)
            return text if again == value else json.dumps(again, ensure_ascii=False)
        except (ValueError, RecursionError):  # no JSON, or nested deeper than anybody means it
            return _PAIR.sub(self._pair, text)

    def _pair(self, pair: re.Match[str]) -> str:
        mark, name, value = pair[1] + '"', pair[2], pair[3]
        if not value or not self.is_masked(name):
            return pair[0]
        return f"{mark}{name}{mark}: {mark}{self._hidden(value)}{mark}"


_REACHED = ("message", "asked", "user", "query", "args", "vars", "body")


def reaches(entry: dict[str, Any], more: Any = None) -> bool:
    """Whether a stand-in reaches the handler of *entry*, or stands in *more* that does.

    Headers are left out: those of every browser have masked cookies, and few handlers look.
    """
    given = [[entry.get(name) for name in _REACHED], more]
    return STAND_IN.search(json.dumps(given, ensure_ascii=False)) is not None
