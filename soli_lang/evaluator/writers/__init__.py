"""The emitters of all kinds of nodes."""

from .. import emitters
from . import (
    assignment,
    calls,
    classes,
    comprehensions,
    handlers,
    lambdas,
    literals,
    members,
    names,
    operators,
    others,
    patterns,
    statements,
    supers,
)

EMITTERS = emitters.joined(
    room.EMITTERS
    for room in (
        assignment, calls, classes, comprehensions, handlers, lambdas, literals, members, names,
        operators, others, patterns, statements, supers,
    )
)  # fmt: skip
