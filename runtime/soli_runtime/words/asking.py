"""The words that ask an app, for an interpreter that has the others: these load aiohttp."""

from __future__ import annotations

from soli_lang.machine.machine import Machine
from soli_lang.native.native import declarations, install

from . import requests, sockets
from .clients import TYPES


def install_asking(machine: Machine) -> None:
    """Requests and WebSocket clients."""
    for module in (requests, sockets):
        install(machine, declarations(module), TYPES)
