"""Cookies: reading the `Cookie` header, writing `Set-Cookie` (RFC 6265, docs/spec §L21.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from soli_lang.base.errors import SoliError
from soli_lang.base.near_names import did_you_mean
from soli_lang.base.records import Record
from soli_lang.values.display import to_text

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")

OPTIONS = (
    "path",
    "max_age",
    "expires",
    "http_only",
    "secure",
    "same_site",
    "domain",
    "signed",
    "encrypted",
)


def parse_cookies(header: str) -> dict[str, str]:
    """A `Cookie` header as a Hash. Of a repeated name the first counts: it is the most specific."""
    cookies: dict[str, str] = {}
    if not header:
        return cookies
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if not equals or not name:
            continue
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = value[1:-1]
        cookies.setdefault(name, unquote(value) if "%" in value else value)
    return cookies


class CookieOptions(Record, frozen=True):
    """The attributes of one cookie: no script sees it and no other site sends it, unless asked."""

    path: str = "/"
    max_age: int | None = None
    expires: str | None = None
    http_only: bool = True
    secure: bool = False
    same_site: str | None = "Lax"
    domain: str | None = None


def cookie_options(options: Mapping[Any, Any], *, secure: bool = False) -> CookieOptions:
    """The options hash of `set_cookie`. Raises SoliError for what is no option.

    *secure*: whether the cookie is `Secure` when the options do not say.
    """
    known: dict[str, Any] = {"secure": secure}
    for key, value in options.items():
        name = to_text(key)
        if name not in OPTIONS:
            hint = did_you_mean(name, OPTIONS) or f"its options are {', '.join(OPTIONS)}"
            raise SoliError(f"set_cookie() has no option '{name}'", hint=hint)
        if name in ("signed", "encrypted") or value is None:
            continue
        known[name] = _READERS[name](name, value)
    return CookieOptions(**known)


def _text(name: str, value: Any) -> str:
    text = to_text(value)
    if any(ord(character) < 32 or character in ";\x7f" for character in text):
        raise SoliError(f"set_cookie() {name} must not contain control characters or ';'")
    return text


def _int(name: str, value: Any) -> int:
    if type(value) not in (int, float):
        raise SoliError(f"set_cookie() {name} must be a number of seconds")
    return int(value)


def _expires(name: str, value: Any) -> str:
    from email.utils import formatdate  # a package of its own, and rarely needed

    return formatdate(value, usegmt=True) if type(value) in (int, float) else _text(name, value)


def _same_site(name: str, value: Any) -> str:
    text = to_text(value).capitalize()
    if text not in ("Lax", "Strict", "None"):
        raise SoliError("set_cookie() same_site must be Lax, Strict or None")
    return text


_READERS: dict[str, Any] = {
    "path": _text,
    "domain": _text,
    "max_age": _int,
    "expires": _expires,
    "same_site": _same_site,
    "http_only": lambda name, value: bool(value),
    "secure": lambda name, value: bool(value),
}


def set_cookie_header(name: str, value: str, options: CookieOptions) -> str:
    """The value of a `Set-Cookie` header. Raises SoliError for a name that cannot be."""
    if not name:
        raise SoliError("set_cookie() name must not be empty")
    if not _NAME.match(name):
        raise SoliError("set_cookie() name must not contain spaces, '=' or control characters")
    _text("value", value)
    parts = [f"{name}={quote(value, safe=_VALUE_SAFE)}", f"Path={options.path}"]
    if options.domain is not None:
        parts.append(f"Domain={options.domain}")
    if options.max_age is not None:
        parts.append(f"Max-Age={options.max_age}")
    if options.expires is not None:
        parts.append(f"Expires={options.expires}")
    if options.http_only:
        parts.append("HttpOnly")
    if options.secure or options.same_site == "None":
        parts.append("Secure")
    if options.same_site is not None:
        parts.append(f"SameSite={options.same_site}")
    return "; ".join(parts)


_VALUE_SAFE = "!#$&'()*+-./:<=>?@[]^_`{|}~"
