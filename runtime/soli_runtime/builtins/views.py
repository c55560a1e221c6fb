"""Small helpers of views (docs/spec §L22.5)."""

from __future__ import annotations

from pathlib import Path

from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, String, function
from soli_lang.values.display import to_text
from soli_lang.values.values import Value

from ..http.current import REQUEST

PUBLIC: MachineKey[Path] = MachineKey("public")
"""Where `Machine.library` holds the folder of static files."""


@function("current_path")
def current_path(machine: Machine) -> Value:
    """The path of the request, null elsewhere."""
    context = machine.local.get(REQUEST)
    return context.request["path"] if context is not None else None


@function("current_path?", String("string path"))
def is_current_path(machine: Machine, path: str) -> bool:
    """Whether the request is for *path*."""
    context = machine.local.get(REQUEST)
    return context is not None and context.request["path"].rstrip("/") == path.rstrip("/")


@function("current_method")
def current_method(machine: Machine) -> Value:
    """The method of the request, null elsewhere."""
    context = machine.local.get(REQUEST)
    return context.request["method"] if context is not None else None


@function("public_path", String("string path"))
def public_path(machine: Machine, path: str) -> str:
    """*path* of a static file with the time of its last change, so that caches notice."""
    root = machine.library.get(PUBLIC)
    shown = path if path.startswith("/") else f"/{path}"
    if root is None:
        return shown
    file = (root / shown.lstrip("/")).resolve()
    if not file.is_relative_to(root.resolve()) or not file.is_file():
        return shown
    return f"{shown}?v={int(file.stat().st_mtime)}"


@function("number_with_delimiter", Any_, String("string separator").optional(","))
def number_with_delimiter(number: Value, separator: str) -> str:
    """`1234567.5` as `1,234,567.5`."""
    text = to_text(number)
    sign = "-" if text.startswith("-") else ""
    whole, dot, rest = text.removeprefix("-").partition(".")
    if not whole.isdigit():
        return text
    groups: list[str] = []
    while whole:
        whole, group = whole[:-3], whole[-3:]
        groups.insert(0, group)
    return sign + separator.join(groups) + dot + rest
