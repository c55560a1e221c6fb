"""Serving Soli programs: the command line, WebSockets, presence, HTTP.

For hosts: `mount` puts an app into an aiohttp application; `Settings` says how it behaves. Names
are loaded when they are first used, so that importing the package loads no web server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import AppInvalid
    from .embed import Mounted, mount
    from .logs import Log
    from .realtime import Realtime
    from .settings import SettingError, Settings

__all__ = ["AppInvalid", "Log", "Mounted", "Realtime", "SettingError", "Settings", "mount"]

_MODULES = {
    "AppInvalid": "app",
    "Log": "logs",
    "Mounted": "embed",
    "Realtime": "realtime",
    "SettingError": "settings",
    "Settings": "settings",
    "mount": "embed",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{module}", __name__), name)
