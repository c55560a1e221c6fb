"""The names that a web framework for Soli defines for class bodies (docs/spec §2.4).

They mean nothing to us, so a call of one does nothing, unless the class has a static method of that
name: then it is an ordinary call (docs/decisions/0030).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from . import nodes

FRAMEWORK_MACROS: Final = frozenset(
    """
    validates before_save after_save before_create after_create before_update after_update
    before_delete after_delete after_commit has_many has_one belongs_to has_and_belongs_to_many
    uploader has_one_attached has_many_attached scope attr_accessible encrypts enum_field
    state_machine edge timeseries columnar column index vector_index fulltext_index geo_index
    connection table soft_delete optimistic_lock
    """.split()
)

CLASS_FUNCTIONS: Final = frozenset({"alias_method", "define_method"})
"""What every class can do without having a static method of the name."""


def own_statics(members: Iterable[nodes.Node]) -> frozenset[str]:
    """Names of the static methods that a class body with *members* defines itself."""
    found: set[str] = set()
    for member in members:
        if isinstance(member, nodes.MethodDecl) and member.is_static:
            found.add(member.function.name)
        elif isinstance(member, nodes.ClassMethods):
            found.update(method.function.name for method in member.methods)
    return frozenset(found)
