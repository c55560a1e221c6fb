"""Cross-origin requests: what `cors(pattern, options)` allows (Fetch standard, CORS protocol)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from soli_lang.values.display import to_text

from ...routing.declared import CorsRule

Headers = list[tuple[str, str]]


def rule_for(rules: Iterable[CorsRule], path: str) -> CorsRule | None:
    """The first rule whose pattern covers *path*; a final `*` covers everything below."""
    return next((rule for rule in rules if covers(rule.pattern, path)), None)


def covers(pattern: str, path: str) -> bool:
    """Whether a rule for *pattern* is one for *path*."""
    if pattern.endswith("*"):
        start = pattern.rstrip("*")
        return path.startswith(start) or path == start.rstrip("/")
    return path.rstrip("/") == pattern.rstrip("/")


def allowed_origin(rule: CorsRule, origin: str) -> str | None:
    """What to answer in `Access-Control-Allow-Origin`, None to say nothing."""
    origins = _texts(rule.options["origins"])
    if origin in origins:
        return origin
    if "*" not in origins:
        return None
    # With credentials the wildcard does not count (Fetch standard); naming any origin that
    # asks would open the user's session to every site, so nothing is allowed then.
    return None if rule.options["credentials"] else "*"


def trusts_with_cookies(rule: CorsRule, origin: str) -> bool:
    """Whether the app lets pages of *origin* act with the rights of its users."""
    return bool(rule.options["credentials"]) and allowed_origin(rule, origin) == origin


def response_headers(rule: CorsRule, origin: str) -> Headers:
    """Headers of an actual answer."""
    allowed = allowed_origin(rule, origin)
    if allowed is None:
        return [("Vary", "Origin")]
    headers = [("Access-Control-Allow-Origin", allowed)]
    if allowed != "*":
        headers.append(("Vary", "Origin"))
    if rule.options["credentials"]:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    expose = _texts(rule.options["expose"])
    if expose:
        headers.append(("Access-Control-Expose-Headers", ", ".join(expose)))
    return headers


def preflight_headers(rule: CorsRule, origin: str, asked_headers: str) -> Headers:
    """Headers of the answer to a preflight."""
    headers = response_headers(rule, origin)
    if headers == [("Vary", "Origin")]:
        return headers
    headers.append(("Access-Control-Allow-Methods", ", ".join(_texts(rule.options["methods"]))))
    listed = _texts(rule.options["headers"])
    allowed = asked_headers if "*" in listed or not listed else ", ".join(listed)
    if allowed:
        headers.append(("Access-Control-Allow-Headers", allowed))
    headers.append(("Access-Control-Max-Age", to_text(rule.options["max_age"])))
    return headers


def _texts(value: Any) -> list[str]:
    return [to_text(item) for item in value] if isinstance(value, list) else [to_text(value)]
