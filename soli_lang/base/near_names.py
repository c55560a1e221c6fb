"""The known name that somebody probably meant who wrote another one."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_NAME = 60
"""Characters of a name that others are compared with: comparing takes the product of lengths."""

MOST_COMPARED = 6000
"""Characters of names that are compared with one: past it, only names with its first letters."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the one of *known* that is nearest to *name*, None when none is near."""
    from difflib import get_close_matches  # only needed for what is wrong

    if len(name) > LONGEST_NAME:
        return None
    swapped = _swapped(name, known := list(known))
    if swapped is not None:
        return f"did you mean '{swapped}'?"
    near = min(len(name) // 2 + 1, 2 if len(name) <= 6 else 8)
    others = sorted(
        one
        for one in known
        if one != name and not one.startswith("%") and abs(len(one) - len(name)) <= near
    )
    others = others if len(others) * len(name) <= MOST_COMPARED else _alike(name, others)
    close = get_close_matches(name, others, 1, 0.75)
    return f"did you mean '{close[0]}'?" if close else None


def _swapped(name: str, known: Iterable[str]) -> str | None:
    """The one of *known* that has the same letters in another order, if there is one only."""
    letters = sorted(name)
    found = {one for one in known if len(one) == len(name) and sorted(one) == letters}
    found.discard(name)
    return found.pop() if len(found) == 1 and len(name) > 2 else None


def _alike(name: str, others: list[str]) -> list[str]:
    found = [one for one in others if one[:2] == name[:2]]
    return found[: MOST_COMPARED // len(name)]
