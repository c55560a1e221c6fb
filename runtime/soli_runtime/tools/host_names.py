"""Names that a host defines from outside (`Interpreter.define`), told to `soli check` by a flag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from soli_lang.native.native import UNLIMITED, NativeFunction

_FORM: Final = re.compile(
    r"(?P<name>[^\W\d]\w*[?!]?)(?:/(?P<low>\d{1,3})(?:-(?P<high>\d{1,3})|(?P<more>\+))?)?"
)
_FORMS: Final = "NAME/2, NAME/1-2, NAME/1+, or NAME for any number of arguments"


class WrongDefinition(ValueError):
    """A text that does not say what a host defines."""


def host_names(texts: Iterable[str]) -> Mapping[str, NativeFunction]:
    """Stand-ins for what *texts* describe, by name. Raises WrongDefinition."""
    return {stand_in.name: stand_in for stand_in in map(_stand_in, texts)}


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
