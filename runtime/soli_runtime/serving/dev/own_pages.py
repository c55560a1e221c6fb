"""What a service asks of whoever adds pages of the server's own to those of the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aiohttp import web

    from ...http.files.static_files import StaticFile


class OwnPages(Protocol):
    """Pages below `/_soli`, and what they add to the app's; see `dev`."""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """The answer to a request for one of these pages; None: it is the app's."""

    def dressed(self, request: web.BaseRequest, answer: web.StreamResponse) -> web.StreamResponse:
        """*answer* of the app, with what is to be added to it. It was not begun to be sent."""

    def page_of(self, request: web.BaseRequest, file: StaticFile) -> web.StreamResponse | None:
        """What is sent of a file under `public/` in its place; None: the file as it is."""

    def not_found(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """What is said where the app has no route; None: what is always said."""
