"""Wildcards as in file names: `*` and `?` (docs/spec §L21, §L22.2)."""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Whether *text* fits *pattern*: `*` stands for any characters, `?` for one.

    Only the last star is ever tried again, so the work is bounded by the product of the lengths.
    """
    at = place = resume = 0
    star = -1
    while place < len(text):
        wanted = pattern[at : at + 1]
        if wanted == "*":
            star, resume = at, place
            at += 1
        elif wanted in ("?", text[place]):
            at += 1
            place += 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(character == "*" for character in pattern[at:])
