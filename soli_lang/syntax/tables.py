"""The LALR parser for the grammar, with its tables kept in the user's cache folder.

Computing the tables takes a few tenths of a second, reading them a few milliseconds. The cache
file is plain data (no code can hide in it) and is ignored whenever anything about it is odd.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import lark
from lark.grammar import Rule
from lark.lexer import Lexer, TerminalDef

START: Final = "program"
CACHE_VARIABLE: Final = "SOLI_CACHE_DIR"
"""Environment variable: another folder for the cache; empty for no cache."""
_FORMAT: Final = "1"


def grammar_text() -> str:
    """The grammar: packaged beside this module's package, else the checkout's."""
    packaged = resources.files("soli_lang") / "soli.lark"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    checkout = Path(__file__).parents[2] / "grammar" / "soli.lark"
    return checkout.read_text(encoding="utf-8")


class _TokenList(Lexer):
    """A lexer for Lark that hands on tokens made elsewhere."""

    def __init__(self, conf: Any) -> None:
        pass

    def lex(self, tokens: Any) -> Iterator[Any]:  # type: ignore[override]
        return iter(tokens)


class LarkParser:
    """Lark with our tables. `parse` may be called again, but not while it runs."""

    def __init__(self, builder: Any) -> None:
        grammar = grammar_text()
        path = _cache_file(grammar)
        data = _read(path) if path else None
        self._lark = _from_data(data, builder) if data else None
        if self._lark is None:
            self._lark = _compute(grammar, builder)
            if path:
                _write(path, self._lark)

    def parse(self, tokens: list[Any]) -> Any:
        """What the builder made of *tokens*.

        Raises:
            lark.UnexpectedToken: at the first token that fits nowhere.
        """
        assert self._lark is not None
        return self._lark.parse(tokens)  # type: ignore[arg-type]


def _compute(grammar: str, builder: Any) -> lark.Lark:
    return lark.Lark(
        grammar,
        parser="lalr",
        lexer=_TokenList,
        strict=True,
        start=START,
        transformer=builder,
        maybe_placeholders=False,
    )


# --- the cache ----------------------------------------------------------------------------------


def _cache_file(grammar: str) -> Path | None:
    """Where the tables of *grammar* are kept, or None without a cache."""
    folder = os.environ.get(CACHE_VARIABLE)
    if folder is None:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        folder = os.path.join(home, "soli")
    if not folder or not os.path.isabs(folder):
        return None
    key = "\n".join((_FORMAT, grammar, lark.__version__, sys.version))
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return Path(folder) / f"grammar-{digest}.tables"


class _PlainUnpickler(pickle.Unpickler):
    """Reads data, refuses classes and functions."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a cache file")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = _PlainUnpickler(BytesIO(path.read_bytes())).load()
    except Exception:  # a damaged file can raise anything; then it is as good as none
        return None
    return data if isinstance(data, dict) else None


def _write(path: Path, parser: lark.Lark) -> None:
    """Store the tables; failing to is no failure. Readers see the old file or the whole new one."""
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    data["options"] = {
        key: value
        for key, value in data["options"].items()
        if isinstance(value, str | int | float | bool | list | dict | None)
    }
    data["options"].pop("transformer", None)
    data["options"].pop("lexer", None)
    data["parser"]["lexer_conf"].pop("lexer_type", None)
    with contextlib.suppress(OSError, pickle.PicklingError, TypeError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                pickle.dump({"data": data, "memo": memo}, file, protocol=4)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise


def _from_data(data: dict[str, Any], builder: Any) -> lark.Lark | None:
    try:
        data["data"]["options"]["lexer"] = _TokenList
        data["data"]["parser"]["lexer_conf"]["lexer_type"] = _TokenList
        parser = lark.Lark.__new__(lark.Lark)
        parser._load(data, transformer=builder)
    except Exception:  # damaged tables can fail anywhere; then they are as good as none
        return None
    return parser
