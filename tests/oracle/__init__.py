"""The language as its specification has it: a definitional interpreter, slow and obvious.

It walks the nodes of a program, with variables in dicts and Python's exceptions for `next`,
`break`, `return` and errors. It shares the parser, the values, the errors and the library with the
language proper, and nothing that evaluates: what both get wrong alike would have to be written
twice.

    from tests.oracle import run

    run("print(1 + 2)").output          # "3\\n"
"""

from __future__ import annotations

from .running import ANSWERS, ErrorShown, Outcome, Unsupported, run, shown

__all__ = ["ANSWERS", "ErrorShown", "Outcome", "Unsupported", "run", "shown"]
