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
    from .loading.app import InvalidApp
    from .observing.logs import Log
    from .serving.asgi import AsgiApp, asgi
    from .serving.embed import MountedApp, mount
    from .settings import SettingError, Settings

__all__ = [
    "ANONYMOUS",
    "Answer",
    "AsgiApp",
    "Authenticate",
    "InvalidApp",
    "Log",
    "MountedApp",
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
    "AsgiApp": "serving.asgi",
    "Authenticate": "http.guards.identity",
    "InvalidApp": "loading.app",
    "Log": "observing.logs",
    "MountedApp": "serving.embed",
    "Realtime": "core.realtime",
    "Refusal": "gate.refusals",
    "SettingError": "settings",
    "Settings": "settings",
    "asgi": "serving.asgi",
    "mount": "serving.embed",
}

_FORMER = {"AppInvalid": "InvalidApp", "Mounted": "MountedApp"}
"""Names of the last version, which end with this one, and the present names."""


def __getattr__(name: str) -> Any:
    if name in _FORMER:
        import warnings

        text = f"soli_runtime.{name} is now called {_FORMER[name]}"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        name = _FORMER[name]
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{module}", __name__), name)
