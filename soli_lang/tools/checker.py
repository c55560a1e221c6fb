"""`check`: what can be known of a program without running it.

Errors are what fails as soon as it is reached: unknown names, calls that cannot be right.
Warnings are what is hardly meant: code that nothing reaches, variables that nobody reads, shapes
that read like something else. Syntax errors come from `parser.parse`, before any of this.
"""

from __future__ import annotations

from ..machine.machine import Machine
from ..tree import nodes
from .checking.duplicates import DuplicatePass
from .checking.findings import ERROR, WARNING, Finding, Findings, Known
from .checking.flow import FlowPass
from .checking.followers import without_followers
from .checking.hidden import HiddenPass
from .checking.leaving import LeavingPass
from .checking.members import MemberPass
from .checking.names import NamePass
from .checking.receivers import ReceiverPass
from .checking.shapes import ShapePass
from .checking.supers import SuperPass
from .inference.infer import type_findings

__all__ = [
    "ERROR",
    "WARNING",
    "Finding",
    "Known",
    "check",
    "exported_names",
    "known_of",
    "shared_names",
]


def check(program: nodes.Program, known: Known) -> list[Finding]:
    """All findings in *program*, in source order."""
    findings = Findings(program.source)
    NamePass(program, known, findings).run()
    FlowPass(program, findings).run()
    ReceiverPass(program, known, findings).run()
    SuperPass(program, known, findings).run()
    LeavingPass(program, findings).run()
    DuplicatePass(program, findings).run()
    HiddenPass(program, known, findings).run()
    ShapePass(program, known, findings).run()
    MemberPass(program, known, findings).run()
    type_findings(program, known, findings)
    return sorted(without_followers(findings.all), key=lambda finding: finding.order)


def known_of(machine: Machine) -> Known:
    """What programs of *machine* know without saying so."""
    return Known(machine.globals, machine.methods)


def exported_names(program: nodes.Program) -> set[str]:
    """What other files can import from *program*."""
    exports = (one for one in program.body.statements if isinstance(one, nodes.Export))
    return {name for one in exports for name in _declared(one.declaration)}


def shared_names(program: nodes.Program) -> set[str]:
    """The functions, classes and constants that *program* defines at its top level."""
    return {name for statement in program.body.statements for name in _shared(statement)}


def _shared(statement: nodes.Node) -> list[str]:
    if isinstance(statement, nodes.Export):
        return _shared(statement.declaration)
    if isinstance(statement, nodes.Let):
        return [statement.name] if isinstance(statement.value, nodes.Lambda) else []
    if isinstance(statement, nodes.Assign) and isinstance(statement.value, nodes.Lambda):
        return [statement.target.name] if isinstance(statement.target, nodes.Name) else []
    return _declared(statement)


def _declared(statement: nodes.Node) -> list[str]:
    if isinstance(statement, nodes.Export):
        return _declared(statement.declaration)
    if isinstance(statement, nodes.FunctionDecl):
        return [statement.function.name]
    if isinstance(statement, nodes.ClassDecl | nodes.EnumDecl | nodes.Let | nodes.Const):
        return [statement.name]
    return []
