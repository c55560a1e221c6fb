"""What meeting other processes needs beside Soli itself: the extra `broker`."""

from __future__ import annotations

from importlib.util import find_spec

PACKAGES = ("redis", "hiredis")


def missing_packages(flag: str) -> str | None:
    """Why *flag* cannot be used, and what to install; None when all is there."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if not missing:
        return None
    names = " and ".join(missing)
    return f"{flag} needs {names}, not installed here: pip install 'soli-lang[broker]'"
