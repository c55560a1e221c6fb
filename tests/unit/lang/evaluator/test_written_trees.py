"""What docs/security.md says of the Python trees that programs become."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from typing import Any

import pytest
from soli_runtime.builtins.library import install_library

from soli_lang import Interpreter, SoliError
from soli_lang.evaluator import functions, item_loops
from soli_lang.evaluator.code import Code
from soli_lang.evaluator.helpers.values import space

from ....support.corpus import ROOT, program_files, vector_programs

MADE_UP = re.compile(r"(?:[tvckhin]|iv|pv|pc|ic|items?|part|sum)\d+")
"""Identifiers that the writer numbers."""
ATTRIBUTES = frozenset(
    """
    __class__ append arity bit_length bytes_left depth fields found fuel get has_constants invoke
    join soli_class startswith endswith strip lower upper
    """.split()
)
"""All attributes of Python's that written functions touch; none is the name of something in a
program, and no way from a value to what the program was not given."""
UNKNOWN_NODES = (ast.Import, ast.ImportFrom, ast.Global, ast.Lambda, ast.ClassDef, ast.Await)
REACHING = frozenset(
    "__import__ __build_class__ breakpoint compile delattr dir eval exec getattr globals hasattr "
    "help input locals object open print setattr super type vars".split()
)

HOSTILE = """
__class__ = 1
def __import__(os, mro = 2, fields = 3)
  t1 = os
  v0 = __class__
  machine = fn() { [os, mro, machine] }
  __builtins__ = { "__globals__": t1, "eval": v0, "__subclasses__": fields }
  __builtins__.__globals__
end
class Mro
  __dict__: Int = 3
  new(gi_frame)
    @__class__ = gi_frame
    @cr_frame = @__class__
  end
  static def __subclasses__(f_globals) f_globals end
end
for f_back, tb_frame in [1, 2]
  print(Mro.__subclasses__(Mro.new(f_back).__class__).__mro__) rescue null
end
print([gi_code for gi_code in [1] if gi_code.__class__])
try
  throw "exec"
catch __traceback__
  match __traceback__ { { message: co_code, ...rest } => co_code, e => e.__context__ }
end
"""


def written(monkeypatch: pytest.MonkeyPatch, texts: Iterator[tuple[str, str]]) -> list[ast.AST]:
    """The trees of all functions of the programs, loops over items among them."""
    trees: list[ast.AST] = []
    codes: list[Code] = []
    compiled, init = functions.compiled, Code.__init__

    def kept(writer: Any, function: Any, span: Any) -> Any:
        trees.append(function)
        return compiled(writer, function, span)

    def listed(code: Code, *values: Any, **named: Any) -> None:
        init(code, *values, **named)
        codes.append(code)

    monkeypatch.setattr(functions, "compiled", kept)
    monkeypatch.setattr(item_loops, "compiled", kept)
    monkeypatch.setattr(Code, "__init__", listed)
    interpreter = Interpreter(install_library)
    for name, text in texts:
        codes.clear()
        try:
            interpreter.compile(text, name)
            for code in codes:  # which grows meanwhile
                code.ready()
                if code.arity in (1, 2):
                    item_loops.looping(code, "kept")
        except SoliError:
            assert name != "hostile"
    return trees


def texts() -> Iterator[tuple[str, str]]:
    yield "hostile", HOSTILE
    yield from vector_programs()
    for path in program_files():
        if {"errors", "examples"} & set(path.parts):
            yield str(path), (ROOT / path).read_text("utf-8")


def test_nothing_that_a_program_names_is_a_name_of_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Identifiers are numbered or those of helpers, attributes are of a short list."""
    helpers = set(space(Interpreter(install_library).machine))
    ours = helpers | {
        *("f", "make", "main", "loop", "machine", "places", "slots", "fuel", "depth", "this", "e"),
        *("fields", "item", "start", "found", "left"),
    }
    trees = written(monkeypatch, texts())
    assert len(trees) > 600
    nodes = [node for tree in trees for node in ast.walk(tree)]
    assert not [one for one in nodes if isinstance(one, UNKNOWN_NODES)]
    assert not [one for one in nodes if isinstance(one, ast.Call) and one.keywords]
    attributes = {one.attr for one in nodes if isinstance(one, ast.Attribute)}
    assert attributes - ATTRIBUTES == set()
    names = {getattr(node, one, None) for node in nodes for one in ("id", "name", "arg")} - {None}
    assert {one for one in names if not MADE_UP.fullmatch(one)} - ours == set()


def test_written_functions_see_none_of_pythons_builtins_that_reach_out() -> None:
    """Neither by its name nor under another."""
    names = space(Interpreter(install_library).machine)
    reaching = {id(getattr(builtins, one)) for one in REACHING if hasattr(builtins, one)}
    assert REACHING.isdisjoint(names)
    assert not [name for name, value in names.items() if id(value) in reaching]
    program = Interpreter(install_library).load("def f() 1 end\nf()")
    made = program.get("f").invoke
    assert made.__globals__["__builtins__"].keys() == names.keys()
