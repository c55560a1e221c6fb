"""The tables of the grammar, computed by Lark and kept in the user's cache folder.

Computing them takes a few tenths of a second, reading them a few milliseconds. The cache file is
JSON, so nothing but data can hide in it, and it is ignored whenever anything about it is odd.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import sys
import zlib
from typing import Any, Final

from .lalr import LIST, SAME, Tables

CACHE_VARIABLE: Final = "SOLI_CACHE_DIR"
"""Environment variable: another folder for the cache; empty for no cache."""
_START: Final = "program"
_FORMAT: Final = "3"
"""Changes when the format of the cache file does."""


def grammar_text() -> str:
    """The grammar: packaged in this package, else the checkout's.

    Raises:
        FileNotFoundError: if it is in neither place.
    """
    package = os.path.dirname(os.path.dirname(__file__))
    loader: Any = __spec__.loader  # reads from zip files, too, and costs no import
    for path in (
        os.path.join(package, "soli.lark"),
        os.path.join(os.path.dirname(package), "grammar", "soli.lark"),
    ):
        with contextlib.suppress(OSError):
            return str(loader.get_data(path), "utf-8")
    raise FileNotFoundError(os.path.join(package, "soli.lark"))


@functools.cache
def tables() -> Tables:
    """The tables, from the cache if possible. They never change, so all parsers share them."""
    grammar = grammar_text()
    key = _key(grammar)
    path = cache_file(f"grammar-{zlib.crc32(key.encode()):08x}.json")
    found = _tables_in(read(path), key)
    if found is not None:
        return found
    data = compute(grammar)
    write(path, {"key": key, **data})
    return Tables(data)


def compute(grammar: str) -> dict[str, Any]:
    """The tables of *grammar*, as plain data.

    Raises:
        lark.exceptions.GrammarError: if it has a conflict, or is no grammar.
    """
    import lark  # slow, and not needed when the tables are in the cache

    class NoLexer(lark.lexer.Lexer):
        """Tokens are made elsewhere."""

        def __init__(self, conf: Any) -> None:
            pass

        def lex(self, *_: Any) -> Any:
            return iter(())

    parser: Any = lark.Lark(
        grammar,
        parser="lalr",
        lexer=NoLexer,
        strict=True,
        start=_START,
        maybe_placeholders=False,
    )
    return _plain(parser.parser.parser._parse_table)


def _plain(table: Any) -> dict[str, Any]:
    methods: dict[str, int] = {}
    rules: dict[Any, int] = {}
    plain_rules: list[list[Any]] = []
    states: list[dict[str, int]] = []
    numbers = {state: number for number, state in enumerate(table.states)}
    for actions in table.states.values():
        row: dict[str, int] = {}
        for symbol, (action, target) in actions.items():
            if action.name == "Shift":
                row[str(symbol)] = numbers[target]
                continue
            if target not in rules:
                rules[target] = len(rules)
                plain_rules.append(_plain_rule(target, methods))
            row[str(symbol)] = -1 - rules[target]
        states.append(row)
    return {
        "methods": list(methods),
        "rules": plain_rules,
        "states": states,
        "start": numbers[table.start_states[_START]],
        "end": numbers[table.end_states[_START]],
    }


def _plain_rule(rule: Any, methods: dict[str, int]) -> list[Any]:
    origin = str(rule.origin.name)
    size = len(rule.expansion)
    splices = [
        at
        for at, symbol in enumerate(rule.expansion)
        if not symbol.is_term and symbol.name.startswith("__")
    ]
    if origin.startswith("__"):
        method = LIST
    elif rule.options.expand1 and not rule.alias and size == 1:
        method = SAME
    else:
        method = methods.setdefault(str(rule.alias or origin), len(methods))
    return [origin, size, method, splices[0] if splices else -1]


# --- the cache ----------------------------------------------------------------------------------


def _key(grammar: str) -> str:
    """All that the tables depend on."""
    return "\n".join((_FORMAT, grammar, _lark_version(), sys.version))


def cache_file(name: str) -> str | None:
    """Where the file *name* of Soli's cache is, or None without a cache."""
    folder = os.environ.get(CACHE_VARIABLE)
    if folder is None:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        folder = os.path.join(home, "soli")
    if not folder or not os.path.isabs(folder):
        return None
    return os.path.join(folder, name)


def _lark_version() -> str:
    """Something that changes with Lark's version, found without importing Lark."""
    spec = importlib.util.find_spec("lark")
    if spec is None or spec.origin is None:
        return ""
    try:
        with open(spec.origin, encoding="utf-8") as file:
            return file.read()  # its `__init__.py` names the version
    except OSError:
        return ""


def _tables_in(data: Any, key: str) -> Tables | None:
    """What a cache file holds, if it is for *key*: it repeats the key."""
    try:
        return Tables(data) if data["key"] == key else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def read(path: str | None) -> Any:
    """The JSON of a cache file; None for what is not there or is no JSON."""
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            return json.loads(file.read())
    except (OSError, ValueError, RecursionError):
        return None


def write(path: str | None, data: dict[str, Any]) -> None:
    """Store *data*; readers see the old file or all of the new one. To fail is no failure."""
    if path is None:
        return
    import tempfile  # slow, and rarely needed

    folder, name = os.path.split(path)
    with contextlib.suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(data, file, separators=(",", ":"))
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
