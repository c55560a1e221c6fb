"""The writers: how each kind of node becomes Python's. Importing them fills the tables."""

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

__all__ = [
    "assignment",
    "calls",
    "classes",
    "comprehensions",
    "handlers",
    "lambdas",
    "literals",
    "members",
    "names",
    "operators",
    "others",
    "patterns",
    "statements",
    "supers",
]
