"""Kinds of settings: how a value is read from text, and what is accepted."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from soli_lang.base.records import Record

from . import IN_MEMORY


def without_password(url: str) -> str:
    """*url* as it may be shown and logged, whether or not it makes sense."""
    # Up to the last @: a password that should have been quoted may hold anything.
    url = re.sub(r"(?<=//)([^:@/?#]*):.*@", r"\1:***@", url, flags=re.DOTALL)
    return re.sub(r"([?&]password=)[^&#]*", r"\1***", url)


class Kind(Record, frozen=True):
    """What values of one kind look like, in words, and the functions that read and judge them."""

    expected: str
    read: Callable[[str], Any]
    accepts: Callable[[Any], bool]


_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


def _read_flag(text: str) -> bool | None:
    word = text.lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _read_count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _read_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_seconds(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0


def _is_list(value: Any) -> bool:
    return type(value) is tuple and all(type(item) is str for item in value)


def _is_store(value: Any) -> bool:
    if type(value) is not str:
        return False
    scheme, colon, rest = value.partition(":")
    if scheme == "sqlite":
        return bool(colon) and rest not in ("", ":memory:")
    return value == IN_MEMORY or (rest.startswith("//") and _is_redis(value))


def _is_redis(url: str) -> bool:
    """Whether *url* says of a Redis all that it has to, so that nothing in it is passed over."""
    from urllib.parse import urlsplit  # here: most scripts have no store

    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets, a port that is none
        return False
    if parts.scheme == "unix":
        return len(parts.path) > 1 and parts.netloc.rpartition("@")[2] == ""
    return (
        parts.scheme in ("redis", "rediss")
        and is_address
        and re.fullmatch(r"(/[0-9]*)?", parts.path) is not None
    )


def _is_broker(value: Any) -> bool:
    return _is_store(value) and not value.startswith("sqlite:")


def words(kind: str) -> str:
    """Such as `'accept' or 'refuse'` for `accept|refuse`."""
    return " or ".join(f"'{word}'" for word in kind.split("|"))


KINDS: Mapping[str, Kind] = {
    "count": Kind("a whole number from 0", _read_count, _is_count),
    "port": Kind(
        "a port from 0 to 65535", _read_count, lambda value: _is_count(value) and value <= 65535
    ),
    "seconds": Kind("a number of seconds from 0", float, _is_seconds),
    "flag": Kind("true or false", _read_flag, lambda value: type(value) is bool),
    "list": Kind("words separated by commas", _read_list, _is_list),
    "store": Kind(
        "memory, sqlite:PATH, redis://HOST:PORT/N, rediss://… or unix://PATH", str, _is_store
    ),
    "broker": Kind("memory, redis://HOST:PORT/N, rediss://… or unix://PATH", str, _is_broker),
    "workers": Kind(
        "a whole number from 0 to 1024",
        _read_count,
        lambda value: _is_count(value) and value <= 1024,
    ),
    "lease": Kind(
        "a number of seconds from 0.5", float, lambda value: _is_seconds(value) and value >= 0.5
    ),
    "text": Kind("text", str, lambda value: type(value) is str),
}
