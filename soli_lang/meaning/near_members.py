"""The member that somebody probably meant who asked a value for one that it does not have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ..base.foreign_members import foreign_member
from ..base.near_names import did_you_mean
from ..machine.machine import Machine
from ..values.objects import Instance, SoliClass
from ..values.values import Value

MOST_NAMES = 1000
"""Members that are looked at: a program can make as many as it likes."""


def near_member(name: str, value: Value, machine: Machine | None) -> str | None:
    """A hint with the member of *value* that is nearest to *name*, None when none is near."""
    names = set(islice(_members(value, machine), MOST_NAMES))
    meant = foreign_member(name, names)
    return meant or did_you_mean(name, names)


def _members(value: Value, machine: Machine | None) -> Iterator[str]:
    if isinstance(value, SoliClass):
        for one in value.ancestors:
            yield from one.statics
        return
    if isinstance(value, Instance):
        yield from value.fields
        for one in value.soli_class.ancestors:
            yield from one.methods
    if machine is not None:
        kind = value.__class__
        yield from (name for name, table in machine.methods.items() if kind in table)
