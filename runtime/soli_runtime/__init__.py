"""Serving Soli programs: the command line, WebSockets, presence, HTTP.

For hosts: `mount` puts an app into an aiohttp application, `asgi` makes an ASGI application of it;
`Settings` says how it behaves. Names
are loaded when they are first used, so that importing the package loads no web server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .core.realtime import Realtime
    from .gate.refusals import Refusal
    from .http.guards.identity import ANONYMOUS, Answer, Authenticate
    from .loading.app import AppInvalid
    from .observing.logs import Log
    from .serving.asgi import AsgiApp, asgi
    from .serving.embed import Mounted, mount
    from .settings import SettingError, Settings

__all__ = [
    "ANONYMOUS",
    "Answer",
    "AppInvalid",
    "AsgiApp",
    "Authenticate",
    "Log",
    "Mounted",
    "Realtime",
    "Refusal",
    "SettingError",
    "Settings",
    "asgi",
    "mount",
]

_MODULES = {
    "ANONYMOUS": "http.guards.identity",
    "Answer": "http.guards.identity",
    "AppInvalid": "loading.app",
    "AsgiApp": "serving.asgi",
    "Authenticate": "http.guards.identity",
    "Log": "observing.logs",
    "Mounted": "serving.embed",
    "Realtime": "core.realtime",
    "Refusal": "gate.refusals",
    "SettingError": "settings",
    "Settings": "settings",
    "asgi": "serving.asgi",
    "mount": "serving.embed",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{module}", __name__), name)
