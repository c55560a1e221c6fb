"""Closures for expressions: operators, literals, names, members, assignment, patterns."""
