"""Answers that are there at once, or have to be waited for.

Most actions wait for nothing. What leads to them is therefore written as plain functions, which
end with an answer or with a coroutine that will have one: nine coroutines, each of which awaits the
next, took as long as the action itself.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from ...http.messages import to_aiohttp
from ...http.responses import Response

Begun = Response | web.StreamResponse | Coroutine[Any, Any, web.StreamResponse]
"""A response of aiohttp is one that went out already: `SWITCHED`."""


async def awaited(begun: Begun) -> web.StreamResponse:
    """The answer, for aiohttp to send."""
    if isinstance(begun, Response):
        return to_aiohttp(begun)
    return begun if isinstance(begun, web.StreamResponse) else await begun


async def raised(error: Exception) -> web.StreamResponse:
    """Fails as what was begun did."""
    raise error


async def there(answer: web.StreamResponse) -> web.StreamResponse:
    """An answer that only aiohttp can send."""
    return answer
