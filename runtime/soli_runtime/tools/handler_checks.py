"""What `soli check` says of messages with reserved names, of controllers' names and of views."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import NOWHERE
from soli_lang.syntax.parser import parse
from soli_lang.tools.checker import ERROR, WARNING, Finding
from soli_lang.tree import nodes

from ..http.views.template_text import translate
from ..loading.controllers import controller_class

_LAYOUTS = "layouts"

RESERVED_EVENTS = frozenset({"position", "resumed"})
RESERVED_PREFIXES = ("presence_", "room_", "phx_", "soli:")
"""Events of messages that Soli sends itself, and that clients take for its own."""


def reserved_events(program: nodes.Program) -> list[Finding]:
    """Messages (hashes with an `"event"` as it stands) that bear a name of Soli's own."""
    return [
        finding
        for node in nodes.every(program, (nodes.HashLiteral,))
        for finding in _reserved(program, node)
    ]


def _reserved(program: nodes.Program, hash_: nodes.HashLiteral) -> Iterator[Finding]:
    for key, value in hash_.pairs:
        if not (isinstance(key, nodes.Literal) and key.value == "event"):
            continue
        name = value.value if isinstance(value, nodes.Literal) else None
        if isinstance(name, str) and is_reserved(name):
            message = f"the event '{name}' is one of Soli's own: clients take it for that"
            hint = "give the message another name"
            yield Finding(WARNING, "reserved-event", message, program.source, value.span, hint)


def is_reserved(event: str) -> bool:
    """Whether messages with this `event` are Soli's own."""
    return event in RESERVED_EVENTS or event.startswith(RESERVED_PREFIXES)


def misnamed_controllers(name: str, program: nodes.Program) -> list[Finding]:
    """Classes `…Controller` of the file of controller *name* that no route can find."""
    wanted = controller_class(name)
    found = [
        one
        for one in program.body.statements
        if isinstance(one, nodes.ClassDecl) and one.name.endswith("Controller")
    ]
    if not found or any(one.name == wanted for one in found):
        return []
    message = f"routes look for '{wanted}' in this file, not for '{found[0].name}'"
    hint = f"name the class {wanted}, or the file after the class"
    return [Finding(WARNING, "controller-name", message, program.source, found[0].span, hint)]


def wrong_templates(views: Path) -> list[Finding]:
    """The syntax errors of all templates below *views*."""
    findings: list[Finding] = []
    for path in sorted(views.rglob("*.slv")):
        shown = path.relative_to(views)
        try:
            is_layout = _LAYOUTS in shown.parts
            parse(translate(str(path), path.read_text("utf-8"), (), is_layout=is_layout))
        except SoliSyntaxError as error:
            findings.extend(
                Finding(ERROR, "template", one.message, one.source, one.span or NOWHERE, one.hint)
                for one in error.all
                if one.source is not None
            )
        except (OSError, UnicodeDecodeError):
            continue
    return findings
