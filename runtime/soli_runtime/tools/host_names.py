"""Names that a host defines from outside (`Interpreter.define`), told to `soli check` by a flag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.native.native import UNLIMITED, NativeFunction
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes

_FORM: Final = re.compile(
    r"(?P<name>[^\W\d]\w*[?!]?)(?:/(?P<low>\d{1,3})(?:-(?P<high>\d{1,3})|(?P<more>\+))?)?"
)
_FORMS: Final = "NAME/2, NAME/1-2, NAME/1+, or NAME for any number of arguments"


class WrongDefinition(ValueError):
    """A text that does not say what a host defines."""


def host_names(texts: Iterable[str]) -> Mapping[str, NativeFunction]:
    """Stand-ins for what *texts* describe, by name. Raises WrongDefinition."""
    return {stand_in.name: stand_in for stand_in in map(_stand_in, texts)}


class DeclaredFunction(NativeFunction):
    """A stand-in for a function of the host whose types are known."""

    __slots__ = ("signature",)

    def __init__(self, signature: nodes.FunctionNode) -> None:
        params = signature.params
        low = sum(one.default is None for one in params)
        super().__init__(signature.name, low, len(params), _null)
        self.signature = signature


def declared_functions(file: Path) -> Mapping[str, DeclaredFunction]:
    """What a file of functions without bodies declares. Raises WrongDefinition."""
    try:
        program = parse(Source(str(file), file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, SoliSyntaxError) as error:
        text = getattr(error, "strerror", None) or str(error)
        raise WrongDefinition(f"--declare '{file}': {text}") from None
    found = {}
    for one in program.body.statements:
        if not isinstance(one, nodes.FunctionDecl) or one.function.body.statements:
            line = program.source.position(one.span.start).line
            text = "expected functions without bodies: def NAME(PARAM: TYPE) -> TYPE … end"
            raise WrongDefinition(f"--declare '{file}', line {line}: {text}")
        found[one.function.name] = DeclaredFunction(one.function)
    return found


def _stand_in(text: str) -> NativeFunction:
    found = _FORM.fullmatch(text)
    if found is None:
        raise WrongDefinition(f"--define '{text}': expected {_FORMS}")
    low, high = _arity(found)
    if low > high:
        raise WrongDefinition(f"--define '{text}': more arguments at least than at most")
    return NativeFunction(found["name"], low, high, _null)


def _null(*_: Any) -> None:
    """What it gives where an app is loaded for its routes: the host is not there to answer."""


def _arity(found: re.Match[str]) -> tuple[int, int]:
    if found["low"] is None:
        return 0, UNLIMITED
    low = int(found["low"])
    if found["more"]:
        return low, UNLIMITED
    return low, int(found["high"] or low)
