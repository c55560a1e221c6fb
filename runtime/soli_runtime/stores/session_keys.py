"""Under which name a store keeps a session: never under its id, which is what the cookie holds.

Who reads a store, or a copy of it, could be every user whose id stands there. Ids are random and
long, so a plain hash of one cannot be guessed back.
"""

from __future__ import annotations

from hashlib import sha256

_MARK = "sha256-"


def stored_name(session_id: str) -> str:
    """The name in the store."""
    return _MARK + sha256(session_id.encode("utf-8", "replace")).hexdigest()


def former_name(session_id: str) -> str:
    """The name that older versions gave it: the id. Nothing where that would be a name of ours."""
    return "" if session_id.startswith(_MARK) else session_id
