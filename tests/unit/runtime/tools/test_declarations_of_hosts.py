"""`Interpreter.declarations` and `soli check --declare`: types of what a host defines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.tools.checks import ProgramCheck
from soli_runtime.tools.host_names import WrongDefinition, declared_functions

from soli_lang import Interpreter

DECLARED = """def price_of(id: Int, currency: String? = null) -> Float
end
def find_user(name: String) -> Hash?
end
def anything(value)
end
# log takes any number of arguments: --define log/1+
"""


def price_of(id: int, currency: str | None = None) -> float:
    return 1.5


async def find_user(name: str) -> dict[str, Any] | None:
    return None


def log(text: str, *more: Any) -> None: ...


def written() -> str:
    interpreter = Interpreter(install_library)
    for function in (price_of, find_user):
        interpreter.define(function.__name__, function)
    interpreter.define("anything", lambda value: value)
    interpreter.define("log", log)
    interpreter.define("VERSION", 3)
    return interpreter.declarations()


def test_annotations_of_python_become_types() -> None:
    assert written() == DECLARED


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('price_of(1, "EUR").round\nprice_of(1)\nanything("a").x\n', []),
        ('price_of("one")\n', ["type"]),
        ("price_of(1).upcase\n", ["unknown-member"]),
        ("price_of()\n", ["wrong-arguments"]),
        ('print(find_user("a")["name"])\n', ["may-be-null"]),
        ('user = find_user("a")\nprint(user["name"]) if user != null\n', []),
    ],
)
def test_declared_types_flow_into_a_check(tmp_path: Path, text: str, code: list[str]) -> None:
    """Arguments, results and what may be null."""
    file, program = tmp_path / "host.soli", tmp_path / "program.soli"
    file.write_text(written(), "utf-8")
    program.write_text(text, "utf-8")
    found = ProgramCheck(declared_functions(file)).check_file(program)
    assert [one.code for one in found if one.code not in ("unused-result", "no-effect")] == code


@pytest.mark.parametrize("text", ["def (\n", "x = 1\n", "def f\n  1\nend\n"])
def test_what_declares_nothing_is_refused(tmp_path: Path, text: str) -> None:
    """With the file in the message."""
    file = tmp_path / "host.soli"
    file.write_text(text, "utf-8")
    with pytest.raises(WrongDefinition, match=r"--declare '.*host\.soli'"):
        declared_functions(file)
    with pytest.raises(WrongDefinition, match="No such file"):
        declared_functions(tmp_path / "none.soli")
