"""All builtins of a program that runs in this runtime."""

from __future__ import annotations

from types import ModuleType

import soli_stdlib
from soli_stdlib.json import text as json_text
from soli_stdlib.json.text import JSON, JsonCodec

from soli_lang.machine.machine import Machine
from soli_lang.native.native import declarations, install

from ..http import hardening, sessions, sse
from ..http.client import requests as http_client
from ..http.views import templates
from ..jobs import jobs
from . import history as history_builtins
from . import http as http_builtins
from . import messages as message_builtins
from . import prelude
from . import realtime as builtins
from . import room_state as room_state_builtins
from . import routes as routing_dsl
from . import views as view_helpers

_MODULES: tuple[ModuleType, ...] = (
    routing_dsl,
    builtins,
    hardening,
    history_builtins,
    http_builtins,
    http_client,
    jobs,
    message_builtins,
    prelude,
    room_state_builtins,
    sessions,
    sse,
    templates,
    view_helpers,
)

_NATIVE_TYPES: dict[str, tuple[type, ...]] = {"Stream": (sse.Out,), "Page": (templates.Page,)}


def install_library(machine: Machine) -> None:
    """The standard library, and what the runtime adds to it."""
    soli_stdlib.install(machine)
    for module in _MODULES:
        install(machine, declarations(module), _NATIVE_TYPES)
    machine.library[routing_dsl.ROUTES] = routing_dsl.RouteDeclarations()
    machine.library[JSON] = JsonCodec(json_text.encode, json_text.decode)
