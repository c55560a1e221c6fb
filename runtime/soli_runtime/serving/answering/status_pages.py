"""What the server says of itself: whether it is well, ready, and how much it does."""

from __future__ import annotations

from aiohttp import web

from ...gate.origins import Peer
from ...http.messages import plain, to_aiohttp
from ...http.responses import Response
from ...observing import health as watching
from ..state import ServiceState


class StatusPages:
    """`/healthz`, `/readyz` and `/metrics` below the *prefix* of an app."""

    def __init__(self, prefix: str, state: ServiceState) -> None:
        self._state = state
        self._pages = {
            prefix + watching.HEALTH_PATH: self._health,
            prefix + watching.READY_PATH: self._readiness,
        }
        self._metrics_path = prefix + watching.METRICS_PATH

    def __contains__(self, path: object) -> bool:
        """Whether a path is that of the health or of the readiness."""
        return path in self._pages

    def is_metrics(self, path: str) -> bool:
        """Whether a path is that of the metrics, and there are some."""
        return path == self._metrics_path and self._state.metrics is not None

    async def metrics(self, request: web.BaseRequest, peer: Peer) -> web.StreamResponse:
        """The metrics, for who may see them."""
        state = self._state
        headers = {name.lower(): value for name, value in request.headers.items()}
        token = state.settings.metrics_token
        if not watching.may_watch(token, request.remote or "", headers):
            state.log.warning("metrics_refused", ip=peer.ip)
            if not token:
                return plain(403, "metrics are available on this machine, or with the token")
            answer = plain(401, "this page needs a token")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        assert state.metrics is not None
        page, content_type = await state.metrics.page(headers.get("accept", ""))
        return _uncached(Response(200, [("Content-Type", content_type)], page))

    async def answer(self, path: str) -> web.StreamResponse | None:
        """The answer to `/healthz` or `/readyz`; None: the path is neither."""
        page = self._pages.get(path)
        if page is None:
            return None
        status, body = await page()
        return _uncached(Response(status, [("Content-Type", "application/json")], body))

    async def _health(self) -> tuple[int, bytes]:
        stops = self._state.is_stopping
        return watching.health(stops, None if stops else await self._state.needs.statuses())

    async def _readiness(self) -> tuple[int, bytes]:
        return watching.readiness(self._state.is_stopping, self._state.needs.broker_is_lost)


def _uncached(response: Response) -> web.StreamResponse:
    response.headers.append(("Cache-Control", "no-store"))
    return to_aiohttp(response)
