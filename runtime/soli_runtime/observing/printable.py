"""Text that others wrote, made safe for a terminal. Pure."""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, keep: str = "") -> str:
    """*text* without what could drive a terminal; the characters of *keep* stay as they are."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else REPLACEMENT for c in text)


def one_line(text: str) -> str:
    """*text* on one line, without what could drive a terminal."""
    return printable(text.replace("\n", "⏎").replace("\t", " "))
