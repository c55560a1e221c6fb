"""A Soli app inside a host's own aiohttp application.

    app = web.Application()
    soli = mount(app, "chat.soli", prefix="/live", authenticate=who_is_it)
    …
    soli.realtime.broadcast_room("room:lobby", "hello from Python")

Nothing is granted to the program but what *capabilities* grants. `mount` loads the program at
once (and raises what is wrong with it); serving begins and ends with the host's application.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from soli_lang.base.errors import SoliError
from soli_lang.base.limits import Capabilities, Limits
from soli_lang.base.records import changed
from soli_lang.interpreter import Interpreter
from soli_lang.machine.keys import MachineKey
from soli_lang.meaning.declared import check_arguments

from ..builtins.library import install_library
from ..calling.calls import Calls
from ..calling.waiting import Waiting
from ..core.realtime import Realtime
from ..http.guards.identity import Authenticate
from ..loading.app import App, load
from ..loading.marks import mark_of
from ..loading.modules import ModuleLoader
from ..loading.project import find_project
from ..observing.host_log import HostLog
from ..observing.logs import Log
from ..settings import IN_MEMORY, SettingError, Settings
from ..stores.store import store_of
from ..stores.waited import use_store
from .service import Service

HOST: MachineKey[bool] = MachineKey("host")
"""In `Machine.local` of a call that the host makes."""


class MountedApp:
    """A Soli app in a host's application. `realtime` works while the application runs."""

    def __init__(
        self,
        app: App,
        settings: Settings,
        log: Log,
        waiting: Waiting,
        authenticate: Authenticate | None,
    ) -> None:
        self.app = app
        self._settings = settings
        self._log = log
        self._waiting = waiting
        self._authenticate = authenticate
        self._service: Service | None = None

    @property
    def service(self) -> Service:
        """The running service. Raises RuntimeError outside the application's life."""
        if self._service is None:
            raise RuntimeError("the application that the Soli app is mounted in does not run")
        return self._service

    @property
    def realtime(self) -> Realtime:
        """Messages, rooms and presence of the app, for Python code on the event loop."""
        return self.service.realtime

    async def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of the app's main file. Raises SoliError."""
        function = self._function(name)
        calls: Calls = self.service.calls
        machine = self.app.interpreter.machine
        check_arguments(machine, function, arguments)
        return await calls.wait(lambda _: machine.call(function, *arguments), None, {HOST: True})

    def _function(self, name: str) -> Any:
        for program in self.app.programs.values():
            function = program.get(name)
            if function is not None:
                return function
        raise SoliError(f"there is no function '{name}' in the app")

    @property
    def is_running(self) -> bool:
        """Whether `start` was called, and `stop` not yet."""
        return self._service is not None

    async def start(self) -> None:
        """Begin to serve on the running event loop. Raises SettingError for a `broker`."""
        if self._settings.broker != IN_MEMORY:
            raise SettingError("broker", "an app of a host has one process; use soli run")
        service = Service(self.app, self._settings, self._log, self._waiting)
        if self._authenticate is not None:
            service.use_authenticate(self._authenticate)
        await service.start()
        self._service = service

    async def stop(self) -> None:
        """Close all connections, let `disconnect` handlers run, within `shutdown-seconds`."""
        service, self._service = self._service, None
        if service is not None:
            await asyncio.wait_for(service.stop(), self._settings.shutdown_seconds + 1)

    async def run(self, host: web.Application) -> AsyncIterator[None]:
        """The context in which the host's application lives; `mount` registers it."""
        await self.start()
        yield
        await self.stop()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of the host's application."""
        return await self.service.handle(request)


def mount(
    host: web.Application,
    path: str | Path,
    *,
    prefix: str = "",
    settings: Settings | None = None,
    capabilities: Capabilities | None = None,
    define: Mapping[str, Callable[..., Any]] | None = None,
    authenticate: Authenticate | None = None,
    log: Log | None = None,
) -> MountedApp:
    """Serve the app at *path* (a file or folder) below *prefix* of *host*.

    *define* gives the program host functions by name; it waits for those that are coroutine
    functions. What there is to say goes to the logger `soli` of Python's `logging`, unless
    another *log* is given (`logs.silent()` says nothing). Raises ProjectError, InvalidApp,
    SoliError.
    """
    mounted = load_mounted(
        path,
        prefix=prefix,
        settings=settings,
        capabilities=capabilities,
        define=define,
        authenticate=authenticate,
        log=log,
    )
    host.cleanup_ctx.append(mounted.run)
    host.router.add_route("*", f"{prefix}/{{soli_path:.*}}", mounted.handle)
    return mounted


def load_mounted(
    path: str | Path,
    *,
    prefix: str,
    settings: Settings | None,
    capabilities: Capabilities | None,
    define: Mapping[str, Callable[..., Any]] | None,
    authenticate: Authenticate | None,
    log: Log | None,
) -> MountedApp:
    """Load the app at *path* for a host, which then starts and stops it."""
    chosen = settings or Settings()
    waiting = Waiting()
    project = find_project(Path(path))
    granted = capabilities or Capabilities()
    granted = changed(
        granted,
        suspend=waiting.suspend,
        sleep=granted.sleep or waiting.sleep,
        load_module=granted.load_module or ModuleLoader(project.root),
    )
    # The app is the host's; its handlers get their limits from the service.
    limits = Limits.off(max_value_bytes=chosen.constants.max_value_bytes)
    interpreter = Interpreter(
        install_library, capabilities=granted, limits=limits, check_types=chosen.check_types
    )
    folder = project.root.resolve().name
    store = store_of(chosen, folder, mark_of(project, chosen, folder, chosen.store_prefix))
    if store is not None:
        use_store(interpreter.machine, store)
        waiting.leaving.append(store.detach)
    for name, function in (define or {}).items():
        interpreter.define(name, function)
    # Whether a host's functions wait nobody knows.
    app = load(
        *(project, interpreter),
        prefix=prefix,
        host_waits=bool(define),
        host_authenticates=authenticate is not None,
    )
    return MountedApp(app, chosen, log or HostLog(), waiting, authenticate)
