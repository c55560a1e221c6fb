"""Cookie values that clients cannot change (signed) or read (encrypted)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soli_stdlib.json.text import json_codec
from soli_stdlib.security import ciphers

from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value


def seal(machine: Machine, name: str, value: Value, options: Mapping[Any, Value]) -> str | None:
    """*value* signed or encrypted for the cookie *name*; None when *options* ask for neither.

    Raises SoliError when there is no key, or *value* has no JSON form.
    """
    if not options.get("signed") and not options.get("encrypted"):
        return None
    key = ciphers.app_key(machine, "set_cookie")
    # The name is sealed in: a value made for one cookie is worth nothing in another.
    text = json_codec(machine).encode([name, value])
    return ciphers.seal(text, key) if options.get("encrypted") else _sign(text, key)


def unseal(machine: Machine, name: str, sealed: str, options: Mapping[Any, Value]) -> Value:
    """What `seal` was given; null when it was tampered with, or made for another cookie."""
    if not options.get("signed") and not options.get("encrypted"):
        return sealed
    key = ciphers.app_key(machine, "read_cookie")
    text = ciphers.unseal(sealed, key) if options.get("encrypted") else _verified(sealed, key)
    if text is None:
        return None
    found = json_codec(machine).decode(text)
    return found[1] if isinstance(found, list) and found[:1] == [name] else None


def _sign(text: str, key: str) -> str:
    import base64

    body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return f"{body}.{_tag(body, key)}"


def _verified(signed: str, key: str) -> str | None:
    import base64
    import hmac

    body, _, tag = signed.rpartition(".")
    if not hmac.compare_digest(tag.encode(), _tag(body, key).encode()):
        return None
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()


def _tag(body: str, key: str) -> str:
    import hashlib
    import hmac

    derived = hmac.new(key.encode(), b"soli signed cookie v1", hashlib.sha256).digest()
    return hmac.new(derived, body.encode(), hashlib.sha256).hexdigest()
