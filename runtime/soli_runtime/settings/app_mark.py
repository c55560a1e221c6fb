"""By what the data of an app is known, where several apps share a Redis."""

from __future__ import annotations

from soli_lang.base.records import Record


class AppMark(Record, frozen=True):
    """By what an app is known again."""

    name: str
    place: str
    """Machine and folder: there it is the same app, whatever it answers today."""
    routes: frozenset[str]
    """`GET /posts posts#index`, as its files declare them; none: nobody can tell."""
    is_chosen: bool = False
    """Whether somebody gave it that name."""
