"""The dashboard at `/_soli`: what a service does, live, for one who may see it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import html
import json
import logging
from collections import deque
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from aiohttp import web

from ...gate.first_request import is_upgrade
from ...gate.origins import Peer, TrustedProxies, is_from_here
from ...gate.wrong_tokens import WrongTokens
from ...http.files.static_files import StaticFile, content_type_of
from ...http.messages import peer_of, plain
from ...observing.health import bears_token, may_watch
from ...observing.redacting import redacted_text
from ...observing.traces import INPUT, Trace
from .shown_traces import ShownTrace, ShownTraces
from .snapshot import counters_of, jobs_listed, routes, snapshot
from .watchers import Watchers, endpoint_beside

if TYPE_CHECKING:
    from ..service import Service

MAX_EVENTS = 200
"""The last events that are kept for a dashboard that is opened."""

MAX_ERRORS = 50
"""The last events that failed, kept for longer than others."""

MAX_GREETING_BYTES = 4 * 1024 * 1024
"""Of events that a page is sent when it opens."""

MAX_BATCH = 50
"""Events that are sent at once; of more within a tick the last, and how many were left out."""

TICK_SECONDS = 0.2
TICKS_A_STATE = 5
TICKS_A_LIST = 15
"""How often events go out; after how many of these how all stands, and a list of the jobs."""

MAX_FORM_BYTES = 4096
PATH = "/_soli"
SOCKET_PATH = "/_soli/watch"
COOKIE = "soli_dashboard"
PAGES = Path(__file__).parent / "pages"
FILES = {
    PATH: "dashboard.html",
    "/_soli/dashboard.css": "dashboard.css",
    "/_soli/dashboard.js": "dashboard.js",
}
POLICY = (
    "default-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

logger = logging.getLogger("soli.dev")


class Dashboard:
    """Pages of `/_soli`, and what they are told. Alone, it is all that a service shows of itself.

    With `--dashboard-token` for who has that token; without for this machine, with `--dev`.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._token = service.settings.dashboard_token
        self._is_local = service.settings.dev and not self._token
        self._entries = ShownTraces((lambda text: text) if self._is_local else redacted_text)
        self._events: deque[ShownTrace] = deque(maxlen=MAX_EVENTS)
        self._errors: deque[ShownTrace] = deque(maxlen=MAX_ERRORS)
        self._pending: deque[ShownTrace] = deque(maxlen=MAX_BATCH)
        self._missed = 0
        self._saved: dict[str, Any] | None = None
        """What the last save changed."""
        self._wrong = WrongTokens(service.loop.time)
        self._proxies = TrustedProxies(service.settings.trusted_proxies)
        self._wanted = asyncio.Event()
        self._endpoint = endpoint_beside(service)
        self.pages = Watchers(service, self._endpoint, self._greeting)

    # --- what is told --------------------------------------------------------------------------

    def judged(self, saved: dict[str, Any]) -> None:
        """What a save changes is known."""
        self._saved = saved
        self.pages.tell(saved)

    def told(self, trace: Trace) -> None:
        """The observer."""
        if trace.kind == INPUT:
            return
        with self.pages.charged():
            entry = self._entries.entry(trace)
        self._events.append(entry)
        if trace.error is not None:
            self._errors.append(entry)
        if self.pages.connections:
            self._missed += len(self._pending) == MAX_BATCH
            self._pending.append(entry)

    def _greeting(self) -> list[dict[str, Any]]:
        self._wanted.set()
        settings = self._service.settings
        hello = {
            "kind": "hello",
            "app": self._service.app.project.root.resolve().name,
            "dev": settings.dev,
            "redacted": not self._is_local,
            "routes": routes(self._service),
        }
        saved = [] if self._saved is None else [self._saved]
        return [hello, *saved, *self._latest()]

    def _latest(self) -> list[ShownTrace]:
        """The events that are kept, oldest first; of very long ones as many as fit."""
        kept = {one["number"]: one for one in (*self._errors, *self._events)}
        found: list[ShownTrace] = []
        left = MAX_GREETING_BYTES
        for number in sorted(kept, reverse=True):
            left -= len(json.dumps(kept[number]))
            if left < 0:
                break
            found.append(kept[number])
        return found[::-1]

    async def run(self) -> None:
        """Tell the pages, while there are any, until this is cancelled."""
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                if not self._service.settings.dev:  # there somebody watches anyway
                    self._service.watch(self.told)
                await self._tell_all()
                if not self._service.settings.dev:
                    self._service.unwatch(self.told)
        finally:
            await self._endpoint.close_all(0.5)

    async def _tell_all(self) -> None:
        ticks, jobs = 0, list[list[Any]]()
        while self.pages.connections:
            try:
                self._tell_events()
                if ticks % TICKS_A_LIST == 0:
                    jobs = await jobs_listed(self._service)
                if ticks % TICKS_A_STATE == 0:
                    counters = await counters_of(self._service)
                    with self.pages.charged():
                        state = snapshot(self._service)
                    self.pages.tell({**state, "counters": counters, "jobs": jobs})
            except Exception:
                logger.exception("could not send to the dashboard")
            ticks += 1
            await asyncio.sleep(TICK_SECONDS)

    def _tell_events(self) -> None:
        missed, self._missed = self._missed, 0
        if missed:
            self.pages.tell({"kind": "missed", "count": missed})
        while self._pending:
            self.pages.tell(self._pending.popleft())

    # --- who may see it ------------------------------------------------------------------------

    def may_see(self, request: web.BaseRequest) -> bool:
        """Whether a request comes from somebody for whom this is."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not self._token:
            return self._is_local and may_watch("", request.remote or "", headers)
        if "authorization" in headers:
            return self._bears_token(peer_of(request, self._proxies).ip, headers["authorization"])
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        given = "" if morsel is None else morsel.value
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._proof().encode())

    def _bears_token(self, address: str, authorization: str) -> bool:
        if self._wrong.is_blocked(address):
            return False
        if bears_token(self._token, authorization):
            return True
        self._refuse_token(address)
        return False

    def _refuse_token(self, address: str) -> None:
        self._wrong.count(address)
        self._service.log.warning("dashboard_refused", ip=address)

    def _proof(self) -> str:
        """What the cookie holds in place of the token."""
        return hashlib.sha256(b"soli dashboard\0" + self._token.encode()).hexdigest()

    # --- pages ---------------------------------------------------------------------------------

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """The answer to a request below `/_soli` that is for us; None: it is not."""
        path = request.rel_url.path
        if path == f"{PATH}/":
            path = PATH
        if path == SOCKET_PATH and is_upgrade(request):
            return await self.pages.answer(request) if self.may_see(request) else self._refused()
        if path not in FILES:
            return None
        if request.method == "POST" and path == PATH and self._token:
            return await self._enter(request)
        if request.method not in ("GET", "HEAD"):
            return plain(405, "method not allowed")
        if path == PATH and not self.may_see(request):
            return self._door() if self._token else self._refused()
        return _file(FILES[path])  # style and script hold nothing of the app

    def _refused(self) -> web.StreamResponse:
        if self._token:
            return plain(401, "this page needs a token")
        return plain(403, "the dashboard is available on this machine, or with the token")

    async def _enter(self, request: web.BaseRequest) -> web.StreamResponse:
        """Take a token from our own form; the right one is answered with a cookie."""
        peer = peer_of(request, self._proxies)
        origin = request.headers.get("Origin")
        if _is_elsewhere(request.headers.get("Sec-Fetch-Site"), origin, peer):
            return plain(403, "the form came from another site")
        if request.content_length is None or request.content_length > MAX_FORM_BYTES:
            return plain(413, "the form is too long")
        form = parse_qs((await request.read()).decode("utf-8", "replace"))
        if self._wrong.is_blocked(peer.ip):
            return plain(429, "too many wrong tokens; wait a minute")
        given = form.get("token", [""])[0]
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
            self._refuse_token(peer.ip)
            return self._door("That is not the token.")
        answer = web.Response(status=303, headers={"Location": PATH})
        is_secure = (origin or "").startswith("https:")
        answer.set_cookie(
            COOKIE, self._proof(), path=PATH, httponly=True, samesite="Strict", secure=is_secure
        )
        return answer

    def _door(self, text: str = "") -> web.StreamResponse:
        page = (PAGES / "door.html").read_text("utf-8")
        return _page(401, page.replace("<!-- said -->", html.escape(text)).encode(), "door.html")

    # --- where it stands alone -----------------------------------------------------------------

    def dressed(self, request: web.BaseRequest, answer: web.StreamResponse) -> web.StreamResponse:
        """*answer*, as it is."""
        return answer

    def page_of(self, request: web.BaseRequest, file: StaticFile) -> web.StreamResponse | None:
        """Nothing in place of a file."""
        return None

    def not_found(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """What is always said."""
        return None


def _is_elsewhere(site: str | None, origin: str | None, peer: Peer) -> bool:
    """Whether another site's page sent a form. Ours sends `null`: it tells no referrer."""
    if site is not None:
        return site not in ("same-origin", "none")
    return origin not in (None, "null") and not is_from_here(origin or "", peer)


def _file(name: str) -> web.StreamResponse:
    return _page(200, (PAGES / name).read_bytes(), name)


def _page(status: int, body: bytes, name: str) -> web.StreamResponse:
    headers = {
        "Content-Type": content_type_of(name),
        "Cache-Control": "no-store",
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(status=status, body=body, headers=headers)
