"""Where code lives below a root of files: there programs may read and not write.

A program that keeps what it is sent under a name that it is sent must not end up running it.
"""

from __future__ import annotations

from collections.abc import Sequence

_FOLDERS = frozenset({"app", "config"})
"""Folders of the root that are loaded or compiled (docs/spec §W1)."""

_ENDINGS = (".soli", ".sl", ".slv", ".erb")


def is_code(parts: Sequence[str]) -> bool:
    """Whether the path of *parts* below the root is code, or settings with secrets.

    Programs, templates, `.env` files, and all of `app` and `config`; in any case of letters, as
    some systems do not tell them apart.
    """
    if not parts:
        return True  # the root itself
    names = [part.casefold().rstrip(". ") for part in parts]
    last = names[-1]
    return (
        names[0] in _FOLDERS
        or last.endswith(_ENDINGS)
        or last == ".env"
        or last.startswith(".env.")
    )
