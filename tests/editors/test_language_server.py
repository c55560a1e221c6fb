"""`soli lsp`, asked by a client over its pipes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..support.lsp_client import SOLI, Editor

ROUTES = """router_websocket("/ws/:room", "chat#handle")
get("/", "home#index")
"""
CHAT = """# Answers one event.
def handle(event)
  text = event["message"]
  { "send": shout(text) }
end
"""
HOME = """class HomeController
  def index(req)
    render("home/index", { "title": "é😀" })
  end

  def show(req)
    req
  end
end
"""
HELPERS = """# Says it louder.
def shout(text, times = 1)
  text.upcase
end
"""


VOTES = """ws_message("vote", { "choice": String, "at": { "x": Float }, "n": V.int().optional })
ws_message("leave", { "tags": [String] })
def handle(event)
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("app")
    files = {
        "config/routes.soli": ROUTES,
        "app/controllers/chat.soli": CHAT,
        "app/controllers/home_controller.soli": HOME,
        "app/helpers/words.soli": HELPERS,
        "app/views/home/index.html.slv": "<h1><%= title %></h1>\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (root / "app/helpers/broken.soli").write_bytes(b"def broken\n  '\xff\xfe'\nend\n")
    return root


@pytest.fixture(scope="module")
def editor(app: Path) -> Iterator[Editor]:
    with Editor(app) as editor:
        yield editor
    assert editor.status == 0
    assert "Traceback" not in editor.errors


class Typed:
    """A new file in which `|` marks the cursor."""

    count = 0

    def __init__(self, editor: Editor, app: Path, text: str, folder: str = "app/controllers"):
        Typed.count += 1
        before, _, after = text.partition("¦")
        self.editor = editor
        self.text = before + after
        self.line = before.count("\n")
        self.character = len(before.rpartition("\n")[2].encode("utf-16-le")) // 2
        self.path = app / folder / f"typed{Typed.count}.soli"
        self.uri = editor.open(self.path, self.text)

    def ask(self, method: str, **more: Any) -> Any:
        return self.editor.at(method, self.uri, self.line, self.character, **more)

    def labels(self) -> list[str]:
        return [item["label"] for item in self.ask("completion")["items"]]


@pytest.fixture
def typed(editor: Editor, app: Path) -> Any:
    return lambda text, folder="app/controllers": Typed(editor, app, text, folder)


# --- diagnostics ---------------------------------------------------------------------------------


def test_unsaved_text_is_checked(editor: Editor, typed: Any) -> None:
    one = typed("def f(event)\n  prnt(1)\n  x = shout(event)\nend\n")
    found = editor.diagnostics(one.uri)
    assert [(one["severity"], one["code"], one["range"]["start"]) for one in found] == [
        (1, "unknown-name", {"line": 1, "character": 2})
    ]
    assert "did you mean 'print'?" in found[0]["message"]
    editor.change(one.uri, one.text.replace("prnt", "print"))
    assert editor.diagnostics(one.uri, after=1) == []


def test_syntax_errors_and_places_in_utf_16(editor: Editor, typed: Any) -> None:
    one = typed('x = "😀" + )\n')
    (found,) = editor.diagnostics(one.uri)
    assert found["range"]["start"] == {"line": 0, "character": 11}
    assert found["code"] == "syntax"


def test_a_saved_helper_is_known_at_once(editor: Editor, typed: Any, app: Path) -> None:
    one = typed("def f\n  whisper(1)\nend\n")
    assert editor.diagnostics(one.uri)[0]["code"] == "unknown-name"
    helper = app / "app/helpers/more.soli"
    helper.write_text("def whisper(x)\n  x\nend\n")
    editor.notify("textDocument/didSave", {"textDocument": {"uri": helper.as_uri()}})
    assert editor.diagnostics(one.uri, after=1) == []


# --- completion ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "unexpected"),
    [
        (
            "def f(event, other)\n  local = 1\n  o¦\nend\ndef g(third)\n  third\nend\n",
            "other",
            "third",
        ),
        ("def f(event)\n  local = 1\n  lo¦\nend\n", "local", "shout"),
        ("def f(event)\n  sh¦\nend\n", "shout", "let"),
        ("pri¦", "print", "trim"),
        ("whi¦", "while", "print"),
        ('x = "a".tr¦', "trim", "floor"),
        ("x = [1]\nx.fi¦", "filter", "floor"),
        ('h = { "a": 1 }\nh.ke¦', "keys", "trim"),
        ("Math.fl¦", "floor", "trim"),
        ('x = "a"\nx = 1.5\nx.¦', "round", "upcase"),
        ("class Car\n  def drive\n  end\nend\ncar = Car.new\ncar.d¦", "drive", "downcase"),
        ("class Car\n  def drive\n    this.d¦\n  end\nend", "drive", "downcase"),
        ('def handle(event)\n  event["¦', "connection_id", "send"),
        ('def handle(event)\n  event["me¦"]\nend', "message", "type"),
        ('def handle(event)\n  if event["type"] == "¦', "disconnect", "message_x"),
        ('def handle(event)\n  { "¦', "broadcast_room", "type"),
        ('def handle(event)\n  { "send": 1, "jo¦" }\nend', "join", "send"),
        ('def handle(event)\n  { "track": { "¦', "user_id", "send"),
        ('def index(req)\n  req["¦', "params", "connection_id"),
        ('x = { "alpha": 1 }\nx["¦', "alpha", "send"),
        (VOTES + '  event["payload"]["¦"]\nend', "choice", "x"),
        (VOTES + '  event["payload"]["at"]["¦', "x", "choice"),
        (VOTES + '  sent = event["payload"]\n  at = sent["at"]\n  at["¦"]\nend', "x", "choice"),
        ('router_websocket("/x", "¦', "chat#handle", "send"),
        ('get "/x", "home#¦', "home#show", "chat#handle"),
        ('def a(req)\n  render("¦', "home/index", "send"),
        ('"#{sho¦', "shout", "send"),
    ],
)
def test_completion(typed: Any, text: str, expected: str, unexpected: str) -> None:
    labels = typed(text).labels()
    assert expected in labels
    assert unexpected not in labels


def test_declared_fields_are_offered_with_their_types(typed: Any) -> None:
    """Of each message, and no keys of what is only a part of the event."""
    items = typed(VOTES + '  event["payload"]["¦').ask("completion")["items"]
    said = {one["label"]: one["documentation"]["value"] for one in items}
    assert said == {
        "choice": "String, in the payload of 'vote'",
        "at": "Hash, in the payload of 'vote'",
        "n": "a value that a validator accepts, in the payload of 'vote'",
        "tags": "[String], in the payload of 'leave'",
    }
    for other in ('event["message"]["¦', 'event["payload"]["n"]["¦', 'f()["payload"]["¦'):
        assert typed(VOTES + "  " + other).labels() == []


@pytest.mark.parametrize("text", ["# pri¦", "x = 1 // pri¦", '"pri¦'])
def test_nothing_is_offered_in_comments_and_plain_strings(typed: Any, text: str) -> None:
    assert typed(text).labels() == []


def test_an_offer_replaces_what_is_written_of_it(typed: Any) -> None:
    items = typed('get "/x", "home#sh¦"\n').ask("completion")["items"]
    (edit,) = [one["textEdit"] for one in items if one["label"] == "home#show"]
    assert edit["range"] == {
        "start": {"line": 0, "character": 11},
        "end": {"line": 0, "character": 18},
    }


def test_while_typing_in_the_middle(editor: Editor, typed: Any) -> None:
    """The last program that was whole tells what is in scope."""
    one = typed("def f(alpha)\n  beta = 1\n  ¦\n  alpha\nend\n")
    editor.diagnostics(one.uri)
    editor.change(one.uri, "def f(alpha)\n  beta = 1\n  if (al\n  alpha\nend\n")
    items = editor.at("completion", one.uri, 2, 8)["items"]
    assert "alpha" in [item["label"] for item in items]


def test_without_any_program_the_names_in_the_text_are_offered(typed: Any) -> None:
    labels = typed(")\n" * 40 + "alpha = 1\nal¦").labels()
    assert "alpha" in labels
    assert "al" not in labels


def test_a_long_list_is_short_and_asked_for_again(typed: Any) -> None:
    found = typed("¦").ask("completion")
    assert found["isIncomplete"]
    assert not any("documentation" in one for one in found["items"])
    found = typed("pri¦").ask("completion")
    assert not found["isIncomplete"]
    assert any("documentation" in one for one in found["items"])


# --- explanations --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pri¦nt(1)", "print("),
        ('"a".tr¦im', "String.trim"),
        ("x = [1]\nx.fil¦ter(|y| y)", "Array.filter"),
        ("Ma¦th.floor(1.5)", "floor"),
        ('def handle(event)\n  event["conn¦ection_id"]\nend', "UUID"),
        ('def handle(event)\n  { "jo¦in": "a" }\nend', "makes the connection a member"),
        ("def f\n  sho¦ut(1)\nend", "Says it louder."),
        ("# Adds.\ndef add(a, b)\n  a + b\nend\nad¦d(1, 2)", "Adds."),
    ],
)
def test_hover(typed: Any, text: str, expected: str) -> None:
    assert expected in typed(text).ask("hover")["contents"]["value"]


def test_hover_on_nothing(typed: Any) -> None:
    assert typed("x = 1 ¦  \n").ask("hover") is None


@pytest.mark.parametrize(
    ("text", "label", "active"),
    [
        ("def add(a, b = 2)\n  a\nend\nadd(1, ¦", "add(a, b = 2)", 1),
        ('"a".replace("b", ¦', "String.replace", 1),
        ("print(add([1, 2], ¦", None, None),
        ("ws_send(1, ¦", "ws_send", 1),
    ],
)
def test_signature(typed: Any, text: str, label: str | None, active: int | None) -> None:
    found = typed(text).ask("signatureHelp")
    if label is None:
        assert found is None
    else:
        assert found["signatures"][0]["label"].startswith(label)
        assert found["activeParameter"] == active


# --- definitions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "file", "line"),
    [
        ("def f(a)\n  a¦\nend\n", "", 0),
        ("x = 1\ndef f(x)\n  y = x¦\n  y\nend\n", "", 1),
        ("def f\n  g¦()\nend\ndef g\nend\n", "", 3),
        ("def f\n  shout¦(1)\nend\n", "words.soli", 1),
        ('router_websocket("/a", "chat#ha¦ndle")', "chat.soli", 1),
        ('get "/", "home#sh¦ow"', "home_controller.soli", 5),
        ('def f(req)\n  render("home/in¦dex")\nend', "index.html.slv", 0),
        ('import "./chat¦.soli"\n', "chat.soli", 0),
        ('import { handle } from "./chat.soli"\nhandle¦(1)\n', "chat.soli", 1),
        ("class C\n  def m\n  end\nend\nC.new.m¦\n", "", 1),
    ],
)
def test_definition(typed: Any, text: str, file: str, line: int) -> None:
    one = typed(text)
    found = one.ask("definition")
    assert found["uri"].endswith(file)
    assert file or found["uri"] == one.uri
    assert found["range"]["start"]["line"] == line


def test_what_is_built_in_has_no_definition(typed: Any) -> None:
    assert typed("pri¦nt(1)").ask("definition") is None


# --- renaming ------------------------------------------------------------------------------------


def _edited(text: str, edits: list[dict[str, Any]]) -> str:
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda one: str(one["range"]["start"]), reverse=True):
        start, end = edit["range"]["start"], edit["range"]["end"]
        assert start["line"] == end["line"]
        line = lines[start["line"]]
        rest = line[end["character"] :]
        lines[start["line"]] = line[: start["character"]] + edit["newText"] + rest
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "x = 1\ndef f(x)\n  [1].map(|y| y + x¦)\nend\n",
            "x = 1\ndef f(n)\n  [1].map(|y| y + n)\nend\n",
        ),
        (
            "def f\n  for x¦ in [1]\n    print(x)\n  end\nend",
            "def f\n  for n in [1]\n    print(n)\n  end\nend",
        ),
        ('def f(x)\n  "a#{x¦}" + obj.x\nend', 'def f(n)\n  "a#{n}" + obj.x\nend'),
        ("def f(x)\n  { x: x¦ }\nend", "def f(n)\n  { x: n }\nend"),
        ("def f(x)\n  { x¦: }\nend", "def f(n)\n  { x: n }\nend"),
        (
            "def f\n  try\n    g()\n  catch x\n    x¦\n  end\nend",
            "def f\n  try\n    g()\n  catch n\n    n\n  end\nend",
        ),
        (
            "def f\n  x = 1\n  x¦ += 1\n  x\nend\ndef g\n  x = 2\n  x\nend",
            "def f\n  n = 1\n  n += 1\n  n\nend\ndef g\n  x = 2\n  x\nend",
        ),
    ],
)
def test_rename(typed: Any, text: str, expected: str) -> None:
    one = typed(text)
    one.ask("prepareRename")
    edits = one.ask("rename", newName="n")["changes"][one.uri]
    assert _edited(one.text, edits) == expected


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("x¦ = 1\nprint(x)", "print", "builtin"),
        ("x¦ = 1\nn = 2\nprint(x)", "n", "another 'n'"),
        ("def f(s)\n  s.tr¦im\nend", "n", "member"),
        ("def f(x, n)\n  x¦ + n\nend", "n", "syntax errors"),
        ("def f(x)\n  g(|n| n + x¦)\nend", "n", "confused"),
        ("def f(x)\n  x¦\nend", "end", "no name"),
        ("def f(x)\n  x¦\nend", "a b", "no name"),
        ("def f(x)\n  x¦\nend\nf(x: 1)", "n", "by name"),
        ("def f(x)\n  x¦ +\nend", "n", "syntax errors"),
        ("def f(x)\n  print¦(x)\nend", "n", "no name of this program"),
    ],
)
def test_a_rename_that_is_refused_says_why(typed: Any, text: str, name: str, why: str) -> None:
    one = typed(text)
    params = {
        "textDocument": {"uri": one.uri},
        "position": {"line": one.line, "character": one.character},
        "newName": name,
    }
    assert why in one.editor.ask("textDocument/rename", params)["error"]["message"]


# --- the rest ------------------------------------------------------------------------------------


def test_formatting(typed: Any, editor: Editor) -> None:
    one = typed("def f( a )\n      a+1\nend\n")
    params = {"textDocument": {"uri": one.uri}, "options": {"tabSize": 2, "insertSpaces": True}}
    (edit,) = editor.request("textDocument/formatting", params)
    start, end = (_offset(one.text, edit["range"][which]) for which in ("start", "end"))
    assert one.text[:start] + edit["newText"] + one.text[end:] == "def f(a)\n  a + 1\nend\n"
    editor.change(one.uri, "def f(\n")
    assert editor.request("textDocument/formatting", params) is None


def _offset(text: str, position: dict[str, int]) -> int:
    lines = text.split("\n")[: position["line"]]
    return sum(len(line) + 1 for line in lines) + position["character"]


def test_symbols(typed: Any, editor: Editor) -> None:
    one = typed("LIMIT = 1\nclass A\n  def m\n  end\nend\ndef f\nend\nenum E\n  X\nend\n")
    found = editor.request("textDocument/documentSymbol", {"textDocument": {"uri": one.uri}})
    names = [(one["name"], [inner["name"] for inner in one["children"]]) for one in found]
    assert names == [("A", ["m"]), ("f", []), ("E", ["X"])]


def test_other_commands_do_not_load_it(tmp_path: Path) -> None:
    program = tmp_path / "a.soli"
    program.write_text("print(1)\n")
    code = (
        "import sys\nfrom soli_runtime.cli import main\n"
        f"main(['check', {str(program)!r}])\nmain(['run', {str(program)!r}])\n"
        "print([one for one in sys.modules if re.match('pygls|lsprotocol|.*editing', one)])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import re\n" + code], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]\n")


def test_it_says_what_is_missing() -> None:
    code = (
        "import sys\nsys.modules['pygls'] = None\n"
        "from soli_runtime.cli import main\nsys.exit(main(['lsp']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 64
    assert re.search(r'pip install "soli-lang\[lsp\]"', done.stderr)


def test_what_a_host_defines_is_known(tmp_path: Path) -> None:
    """`soli lsp --define price_of/1`, with the number of arguments."""
    path = tmp_path / "priced.soli"
    path.write_text("print(price_of(1))\nprint(price_of())\n", "utf-8")
    with Editor(tmp_path, [*SOLI, "--define", "price_of/1"]) as editor:
        uri = editor.open(path)

        (found,) = editor.diagnostics(uri)

        text = "Wrong number of arguments: price_of() takes 1, got 0"
        assert found["message"] == f"{text}\nhint: it is `price_of`, which takes 1"
