"""The member that somebody probably meant who asked a value for one that it does not have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ..base.foreign_members import foreign_member
from ..base.near_names import did_you_mean
from ..machine.machine import Machine
from ..values.objects import Instance, SoliClass
from ..values.values import Value

MOST_LISTED = 8
"""Members that a hint names."""
MOST_NAMES = 1000
"""Members that are looked at: a program can make as many as it likes."""


def near_member(name: str, value: Value, machine: Machine | None) -> str | None:
    """A hint with the member of *value* that is nearest to *name*, None when none is near."""
    names = set(islice(_members(value, machine), MOST_NAMES))
    meant = foreign_member(name, names)
    return meant or did_you_mean(name, names) or _listed(value)


def _listed(value: Value) -> str | None:
    """What there is instead: the variants of an enum, the members of an instance."""
    if isinstance(value, SoliClass):
        return f"its variants are {', '.join(value.variants)}" if value.is_enum else None
    if not isinstance(value, Instance) or value.soli_class.is_enum:
        return None
    names = [*value.fields, *(name for one in value.soli_class.ancestors for name in one.methods)]
    own = list(dict.fromkeys(name for name in names if name != "new"))[:MOST_LISTED]
    return f"it has {', '.join(own)}" if own else None


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
