"""`soli run --dev`: a saved file is live at once, and what goes wrong is shown where one looks."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ...gate.first_request import is_upgrade
from ...http.files.static_files import StaticFile, StaticFolder
from ...http.messages import plain
from ...loading.launch import Launch
from ...observing.health import may_watch
from ...observing.traces import Trace, Warned
from . import page_scripts
from .changes import Change, Fault, load_anew, lost_since, state_of, strongest
from .dashboard import Dashboard
from .lines import error_text, event_of, first_line, line_of, warnings_of
from .saves.telling import as_data, told_lines
from .watchers import Watchers, endpoint_beside

if TYPE_CHECKING:
    from ..service import Service
    from .saves.saves import Saves
    from .saves.trying import Verdict

DEBOUNCE_MS = 150
"""Editors write a file in steps; those within this time are one change."""

MAX_LINES = 200
"""Lines about events that are written in one second; further ones are counted."""

MAX_TOLD = 50
"""Events per second whose warnings and failures are sent to pages."""

MAX_SHOWN = 20_000
"""Characters of an error that a page is told."""

CLOSE_SECONDS = 0.5
SOCKET_PATH = "/_soli/dev"
PAGES = Path(__file__).parent / "pages"

logger = logging.getLogger("soli.dev")

Say = Callable[[str], None]


class Development:
    """Watches the files and events of a service, and tells its terminal and its pages."""

    def __init__(
        self,
        service: Service,
        how: Launch,
        say: Say,
        *,
        saves: Saves | None = None,
        is_quiet: bool = False,
    ) -> None:
        """*say* writes one line (or more) to the terminal, without its end. *saves* tries the last
        events after a save; None: nobody does."""
        self._service = service
        self._how = how
        self._saves = saves
        self._say = say
        self._is_quiet = is_quiet
        self._boot = uuid.uuid4().hex
        self._fault: Fault | None = None
        self._state = state_of(service.app)
        self._window = (0, 0)
        self._warned: set[str] = set()
        self._files = StaticFolder(PAGES)
        self._endpoint = endpoint_beside(service)
        self.pages = Watchers(service, self._endpoint, self._greeting)
        self.dashboard = Dashboard(service)

    def begin(self) -> None:
        """From now on the service shows what happens in it."""
        self._service.state.show(self)
        self._service.watch(self.told)
        self._service.watch(self.dashboard.told)
        if self._saves is not None:
            self._saves.begin(self._judged)

    async def run(self) -> None:
        """Follow the files and serve the dashboard until this is cancelled."""
        self.begin()
        try:
            await asyncio.gather(self._follow(), self.dashboard.run())
        finally:
            if self._saves is not None:
                self._saves.stop()
            await self._endpoint.close_all(CLOSE_SECONDS)

    async def _follow(self) -> None:
        from watchfiles import awatch

        root = self._service.app.project.root.resolve()

        def concerns(_: Any, path: str) -> bool:
            return bool(strongest(root, [path]))

        try:
            async for found in awatch(root, watch_filter=concerns, debounce=DEBOUNCE_MS, step=30):
                self.changed(strongest(root, (path for _, path in found)))
        except (OSError, RuntimeError) as error:  # too many folders to watch, or they are gone
            self._say(f"file changes are no longer detected: {error}")

    # --- files ---------------------------------------------------------------------------------

    def changed(self, changes: set[Change]) -> None:
        """Do what the changes of files ask for."""
        try:
            if Change.PAGE in changes and self._has_new_folder():
                changes |= {Change.PROGRAM}
            if Change.PROGRAM in changes:
                self._reload()
            if Change.PAGE in changes:
                self.pages.tell({"kind": "reload"})
            elif Change.STYLE in changes:
                self.pages.tell({"kind": "style"})
        except Exception as error:  # whatever it is, the next save must find somebody here
            logger.exception("the app could not be reloaded")
            self._failed(Fault(error_text(error)))

    def _has_new_folder(self) -> bool:
        project = self._service.app.project
        views = project.root / "app" / "views"
        return (project.public is None and (project.root / "public").is_dir()) or (
            project.views is None and views.is_dir()
        )

    def _reload(self) -> None:
        found = load_anew(self._how)
        if isinstance(found, Fault):
            self._failed(found)
            return
        lost = lost_since(self._state, self._service.app)
        self._service.reload(found.app, found.waiting)
        self._state = state_of(found.app)
        self._warned.clear()
        self._fault = None
        count = len(self._service.hub.seats)
        kept = f"; {count} connection{'s' * (count != 1)} kept" if count else ""
        self._say(f"reloaded{kept}")
        if lost:
            self._say(f"  reset: {', '.join(lost)}")
        self.pages.tell({"kind": "reloaded", "lost": lost})
        if self._saves is not None:
            self._saves.reloaded()

    def _judged(self, verdict: Verdict | str) -> None:
        """What a save changes of the last events is known; a text: why it is not."""
        app = str(self._how.path)
        for line in told_lines(verdict, app):
            self._say(line)
        if self._saves is not None and not isinstance(verdict, str):
            data = self._saves.recent.masked(as_data(verdict, app))
            self.pages.tell(data)
            self.dashboard.judged(data)
            self._saves.recent.leave(data)

    def _failed(self, fault: Fault) -> None:
        self._fault = fault
        self._say(f"{fault.text}\nthe code from before goes on")
        self.pages.tell(_problem_of(fault))

    def _greeting(self) -> list[dict[str, Any]]:
        hello = [{"kind": "hello", "boot": self._boot}]
        return hello if self._fault is None else [*hello, _problem_of(self._fault)]

    # --- events --------------------------------------------------------------------------------

    def told(self, trace: Trace) -> None:
        """The observer."""
        nth = self._nth_of(int(trace.at))
        line = None if self._is_quiet or nth > MAX_LINES else line_of(trace)
        if line is not None:
            self._say(line)
        if nth > MAX_TOLD:
            return  # nobody reads that many; the log has them
        for warning in warnings_of(trace):
            self._warn(warning, trace)
        if trace.error is not None:
            self._show_failure(trace, trace.error)

    def _show_failure(self, trace: Trace, error: BaseException) -> None:
        event = event_of(trace)
        self._say(f"  the event was: {event}")
        self.pages.tell(
            {
                "kind": "problem",
                "title": first_line(error)[:MAX_SHOWN],
                "text": error_text(error)[:MAX_SHOWN],
                "event": event,
                "handler": trace.handler,
            }
        )

    def _nth_of(self, second: int) -> int:
        """Which event of its second this is. The end of a flood is told."""
        last, count = self._window
        if second != last:
            if count > MAX_LINES and not self._is_quiet:
                self._say(f"… and {count - MAX_LINES} events more within a second")
            count = 0
        self._window = (second, count + 1)
        return count + 1

    def _warn(self, warning: Warned, trace: Trace) -> None:
        """Once in the terminal until the next reload, each time in the page's console."""
        text = warning.text
        self.pages.tell({"kind": "warning", "text": text, "handler": trace.handler})
        if not warning.is_logged and text not in self._warned and len(self._warned) < MAX_LINES:
            self._warned.add(text)
            self._say(f"  warning: {trace.handler}: {text}")

    # --- pages ---------------------------------------------------------------------------------

    def _may_see(self, request: web.BaseRequest) -> bool:
        headers = {name.lower(): value for name, value in request.headers.items()}
        return may_watch("", request.remote or "", headers)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """The answer to a request for a page of ours; None: it is none."""
        path = request.rel_url.path
        if path == SOCKET_PATH and is_upgrade(request):
            if not self._may_see(request):
                return plain(403, "development pages are available on this machine only")
            return await self.pages.answer(request)
        if path == page_scripts.SCRIPT_PATH and request.method in ("GET", "HEAD"):
            return self._file("dev.js") if self._may_see(request) else None
        return await self.dashboard.answer(request)

    def _file(self, name: str) -> web.StreamResponse:
        file = self._files.find(name)
        assert file is not None
        headers = {"Content-Type": file.content_type, "Cache-Control": "no-store"}
        headers["X-Content-Type-Options"] = "nosniff"
        return web.Response(body=file.path.read_bytes(), headers=headers)

    def dressed(self, request: web.BaseRequest, answer: web.StreamResponse) -> web.StreamResponse:
        """*answer*, if it is a page, with the script in it."""
        return page_scripts.with_script(request, answer) if self._may_see(request) else answer

    def page_of(self, request: web.BaseRequest, file: StaticFile) -> web.StreamResponse | None:
        """A page under `public/` that `dressed` can add to; None for other files."""
        if not self._may_see(request) or not page_scripts.wants_page(request):
            return None
        return page_scripts.page_of(file)

    def not_found(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """404 with the routes of the app."""
        if not self._may_see(request):
            return None
        return page_scripts.not_found(request, self._service.app)


def _problem_of(fault: Fault) -> dict[str, Any]:
    title = "Reload failed. The previous version is still running."
    return {"kind": "problem", "title": title, "text": fault.text, "stays": True}
