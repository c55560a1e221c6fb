"""Whose data lies under a name in Redis: two apps of one name must not become one.

An app is called after its folder unless it is told another name, and in containers every folder is
called `app`. So each start leaves word of what the app answers; one that finds word of another app
refuses, unless its name was chosen.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..settings.app_mark import AppMark
from .errors import UNFIT, CannotOpen

if TYPE_CHECKING:
    from .redis.link import RedisLink

LEAST_SHARED = 0.5
"""Of the routes of the smaller of two apps: those that share less are not one app that changed."""
MAX_ROUTES = 1000
"""Routes that are written down."""
MAX_SHOWN = 3


async def claim(link: RedisLink, mark: AppMark) -> None:
    """Leave word that the data is *mark*'s. Raises CannotOpen when it is another app's."""
    if not mark.routes:
        return
    key, mine = link.key("app"), _written(mark)
    found = await link.at_start("GET", key)
    if found is None and await link.at_start("SET", key, mine, "NX"):
        return
    found = found or await link.at_start("GET", key)
    other = _read(found)
    if other is not None and not mark.is_chosen and not _is_same(mark, other):
        raise CannotOpen(_refusal(link.name, mark, other), UNFIT)
    if found != mine:
        await link.at_start("SET", key, mine)


def _written(mark: AppMark) -> str:
    return json.dumps({"place": mark.place, "routes": sorted(mark.routes)[:MAX_ROUTES]})


def _read(text: Any) -> tuple[str, frozenset[str]] | None:
    """Place and routes; None for what we did not write."""
    try:
        found = json.loads(text)
        return str(found["place"]), frozenset(map(str, found["routes"]))
    except (ValueError, TypeError, KeyError):
        return None


def _is_same(mark: AppMark, other: tuple[str, frozenset[str]]) -> bool:
    place, routes = other
    if place == mark.place or not routes:
        return True
    shared = len(routes & mark.routes)
    return shared >= LEAST_SHARED * min(len(routes), len(mark.routes))


def _refusal(url: str, mark: AppMark, other: tuple[str, frozenset[str]]) -> str:
    routes = sorted(other[1])
    shown = ", ".join(route.rpartition(" ")[0] for route in routes[:MAX_SHOWN])
    more = f" and {len(routes) - MAX_SHOWN} more" if len(routes) > MAX_SHOWN else ""
    return (
        f"{url}: another app is called '{mark.name}' there, one that answers {shown}{more}; "
        f"give this one a name of its own: --app-name NAME (or --app-name {mark.name}, if it is "
        "that one)"
    )
