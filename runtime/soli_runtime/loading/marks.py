"""By what an app is known again in a store: what its files declare, before any of them runs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.tree import nodes

from ..settings.app_mark import AppMark
from .app import InvalidApp, read_sources
from .project import Project

if TYPE_CHECKING:
    from ..settings import Settings

_METHODS = {
    **{name: name.upper() for name in ("get", "post", "put", "patch", "delete", "resources")},
    **dict.fromkeys(("router_websocket", "websocket"), "WS"),
}


def mark_of(project: Project, settings: Settings, folder: str, former: str) -> AppMark:
    """The mark of an app in *folder*; *former* is what the older flag for its name says."""
    place = f"{socket.gethostname()}:{project.root.resolve()}"
    name = former or settings.app_name or folder
    is_chosen = bool(former or settings.app_name)
    return AppMark(name, place, _routes(project), is_chosen)


def _routes(project: Project) -> frozenset[str]:
    from soli_lang.syntax.parser import parse

    path = project.main or project.routes
    try:
        source = project.text
        if source is None and path is not None:
            source = read_sources([path])[path]
        return frozenset() if source is None else frozenset(_declared(parse(source)))
    except (InvalidApp, SoliSyntaxError):
        return frozenset()  # loading it says what is wrong


def _declared(program: nodes.Program) -> Iterator[str]:
    pending: list[nodes.Node] = [program.body]
    while pending:
        node = pending.pop()
        pending.extend(nodes.children(node))
        if isinstance(node, nodes.Call) and isinstance(node.callee, nodes.Name):
            method = _METHODS.get(node.callee.name)
            texts = [text for one in node.arguments for text in _texts(one.value)]
            if method is not None and texts:
                yield " ".join([method, *texts[:2]])


def _texts(node: nodes.Expr) -> Iterator[str]:
    if isinstance(node, nodes.Literal) and isinstance(node.value, str):
        yield node.value
