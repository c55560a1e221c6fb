"""What docs/architecture.md says is so: its files are there, a statement is added as it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from soli_lang.syntax.scanner.tokens import KEYWORDS

from .support.documents import blocks

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
COPIED = ("soli_lang", "grammar", "stdlib", "runtime")
PATH = re.compile(r"[\w./-]+(\.(py|lark|lua|md|js|toml|txt)|/)")
BUILT = frozenset({"__pycache__", ".venv", ".git", "node_modules"})


def known_paths() -> set[str]:
    """All files and folders, the latter with `/` behind them; from the root, with `/` before."""
    found = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [one for one in folders if one not in BUILT]
        inside = f"/{Path(folder).relative_to(ROOT)}/".replace("/./", "/")
        found.add(inside)
        found.update(inside + name for name in files)
    return found


def test_the_files_that_the_page_names_are_there() -> None:
    """Each path in backticks is the end of one in the repository."""
    text = re.sub(r"^```.*?^```$", "", PAGE.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    words = {word.strip(",…") for code in re.findall(r"`([^`\n]+)`", text) for word in code.split()}
    named = {word for word in words if PATH.fullmatch(word)}
    known = known_paths()
    assert len(named) > 60
    assert {one for one in named if not any(path.endswith("/" + one) for path in known)} == set()


# --- a statement, walked ---


def patch(block: str, folder: Path) -> None:
    """Do to the copy in *folder* what a `diff` block says."""
    first, *lines = block.splitlines()
    path = folder / first.removeprefix("--- ")
    before = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
    after = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
    text = path.read_text("utf-8")
    assert text.count(before) == 1, f"{first}: there once should be\n{before}"
    path.write_text(text.replace(before, after), "utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source, to which was done what the page says."""
    folder = tmp_path_factory.mktemp("walked")
    ignored = shutil.ignore_patterns("__pycache__", "soli.lark")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=ignored if name != "grammar" else None)
    for block in blocks(PAGE, "diff"):
        patch(block, folder)
    return folder


def run(folder: Path, *arguments: str, program: str = "") -> subprocess.CompletedProcess[str]:
    """Run the copy's Python."""
    places = [folder, folder / "runtime", folder / "stdlib"]
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        input=program,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, places)),
            "SOLI_CACHE_DIR": str(folder / "cache"),
        },
    )


def soli(folder: Path, *arguments: str, program: str = "") -> subprocess.CompletedProcess[str]:
    """Run the copy's command line."""
    return run(folder, "-m", "soli_runtime.cli", *arguments, program=program)


def printed(folder: Path, program: str) -> str:
    ended = soli(folder, "run", "-", program=program)
    assert (ended.stderr, ended.returncode) == ("", 0)
    return ended.stdout


def test_repeat_is_not_shipped() -> None:
    """The page is an experiment."""
    assert "repeat" not in KEYWORDS


def test_closures_in_its_body_are_right(copy: Path) -> None:
    """The program of the page prints what the page says, which is what `while` would do."""
    (program,) = (text for text in blocks(PAGE, "text") if "repeat" in text)
    found = printed(copy, program)
    assert found == "[3, 3, 3] [10, 20, 30]\n"
    assert f"`{found.strip()}`" in PAGE.read_text("utf-8")


LEAVING = """
def f(n)
  seen = []
  i = 0
  repeat n
    i += 1
    next if i == 2
    break if i == 5
    repeat 2
      next if i == 3
      return seen if i == 4
      seen.push(i)
    end
  end
  "not reached"
end
print(f(9), f(1))
n = 3
repeat n
  n = 0
  print("turn")
end
xs = [1, 2].map do |x|
  repeat 3
    x += 1
  end
  x
end
print(xs)
"""


def test_next_break_return_and_nesting(copy: Path) -> None:
    """Each is of the innermost loop; the count is computed once."""
    assert printed(copy, LEAVING) == "[1, 1] not reached\nturn\nturn\nturn\n[4, 5]\n"


ENDLESS = """
from soli_lang import Interpreter, Limits
try:
    Interpreter(limits=Limits(max_steps=1000)).run("repeat 9999999999\\nend")
except Exception as error:
    print(type(error).__name__)
"""


def test_deep_nesting_and_endless_turns(copy: Path) -> None:
    """More levels than Python has blocks; turns are charged."""
    deep = "n = 0\n" + "repeat 2\n" * 12 + "n += 1\n" + "end\n" * 12 + "print(n)"
    assert printed(copy, deep) == "4096\n"
    assert run(copy, "-c", ENDLESS).stdout == "LimitError\n"


def test_its_errors_have_places(copy: Path) -> None:
    """A count that is none, an `end` that is missing, a `do` too many, a value that it has not."""
    for program, place, words in (
        ('x = "a"\nrepeat x\nend', ":2:8", "expects two integers"),
        ("repeat 2\n  print(1)\n", ":1", "`repeat` opened on line 1"),
        ("repeat 2 do\nend", ":1:10", "`repeat` takes no `do`"),
        ("x = repeat 2\nend", ":1:5", "`repeat` is a statement and has no value"),
        ("repeat 2\n  nope\nend", ":2:3", "Undefined variable 'nope'"),
    ):
        found = soli(copy, "run", "-", program=program)
        assert place in found.stderr, found.stderr
        assert words in found.stderr


def test_check_and_fmt_know_it(copy: Path) -> None:
    """Names in it are resolved, what is behind `next` is not reached, and it is laid out."""
    path = copy / "loop.soli"
    path.write_text("def f()\nrepeat 3\n  let m = 1\nprint( nope )\nnext\n  print(2)\nend\nend\n")
    checked = soli(copy, "check", str(path))
    for words in ("Undefined variable 'nope'", "'m' is assigned but never used", "never reached"):
        assert words in checked.stdout + checked.stderr
    assert soli(copy, "fmt", str(path)).returncode == 0
    assert path.read_text() == (
        "def f()\n  repeat 3\n    let m = 1\n    print(nope)\n    next\n    print(2)\n  end\nend\n"
    )


FORGOTTEN = "Repeat(Stmt, has_value=False)"


def test_without_its_row_it_cannot_be_defined(copy: Path) -> None:
    """Whoever forgets that it loops is told."""
    path = copy / "soli_lang" / "tree" / "nodes.py"
    text = path.read_text("utf-8")
    try:
        path.write_text(
            text.replace(
                'Repeat(Stmt, has_value=False, loops=("body",))', "Repeat(Stmt, has_value=False)"
            ),
            "utf-8",
        )
        ended = soli(copy, "run", "-", program="print(1)")
    finally:
        path.write_text(text, "utf-8")
    assert "Repeat.body: is it run once, or in each turn" in ended.stdout + ended.stderr
