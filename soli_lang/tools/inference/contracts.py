"""What a host promises to the functions that it calls, and wants from them.

`soli_lang` knows no event and no action: the runtime says with these what they are made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .types import ANY, Type


@dataclass(frozen=True, slots=True)
class ValueRule:
    """What may be the value of a key."""

    expected: str = ""
    """In words: `a String or an Array of Strings`; empty: anything may."""
    kinds: frozenset[str] = frozenset()
    """Kinds that it may be of; empty: any."""
    items: frozenset[str] = frozenset()
    """Kinds of the items, where it is an Array; empty: any."""
    keys: Mapping[str, ValueRule] = field(default_factory=dict)
    """Keys of it, where it is a Hash; it may have others, unless `others` says what of them."""
    required: tuple[str, ...] = ()
    """Those of *keys* that it must have."""
    values: ValueRule | None = None
    """What each of its values has to be, where it is a Hash."""
    others: Others | None = None
    """What becomes of keys that are none of *keys*."""


@dataclass(frozen=True, slots=True)
class Others:
    """What is said of a key that nobody reads."""

    severity: str
    code: str
    message: str
    """With `{}` for the key: `KV.set() has no option '{}'`."""
    only_near: bool = False
    """Whether any key is allowed, so that only one that is near to a known one is a mistake."""


@dataclass(frozen=True, slots=True)
class HashRule:
    """The Hash that a function has to give."""

    what: str
    """For messages: `a handler returns a Hash`."""
    hint: str
    word: str
    """What a key of it is called: `action`."""
    keys: Mapping[str, ValueRule]
    together: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Key -> (the key that it needs beside itself, the error when that is missing)"""


@dataclass(frozen=True, slots=True)
class Contract:
    """What one function is called with, and what it has to give."""

    parameters: tuple[Type, ...] = ()
    result: HashRule | None = None
    gives: str = ""
    """What *parameters* are, in words: `the event`."""

    def parameter(self, index: int) -> Type:
        return self.parameters[index] if index < len(self.parameters) else ANY
