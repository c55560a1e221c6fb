"""What `soli lsp` shows of a text, and does to it: colours, folds, types, lenses, fixes, layout."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from soli_runtime.words.suites import SEPARATOR

from ..support.corpus import ROOT, program_files
from ..support.lsp_client import Editor

OPTIONS = {"tabSize": 2, "insertSpaces": True}
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("app")
    files = {
        "config/routes.soli": 'router_websocket("/ws/:room", "chat#handle")\n',
        "app/controllers/chat_controller.soli": "def handle(event)\n  {}\nend\n",
        "app/helpers/words.soli": "def shout(text: String) -> String\n  text.upcase\nend\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


@pytest.fixture(scope="module")
def editor(app: Path) -> Iterator[Editor]:
    with Editor(app) as editor:
        yield editor
    assert editor.status == 0
    assert "Traceback" not in editor.errors


@pytest.fixture
def opened(editor: Editor, app: Path) -> Any:
    """Opens a text as a new file; its URI."""

    def open_(text: str, name: str = "") -> str:
        return editor.open(app / "app/controllers" / (name or f"v{next(NUMBERS)}.soli"), text)

    return open_


def edited(text: str, edits: list[Any] | None) -> str:
    """*text* after *edits* of the protocol."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    pieces = []
    for edit in edits or ():
        places = (edit["range"]["start"], edit["range"]["end"])
        begin, end = (min(len(text), starts[one["line"]] + one["character"]) for one in places)
        pieces.append((begin, end, edit["newText"]))
    for begin, end, new in sorted(pieces, reverse=True):
        text = text[:begin] + new + text[end:]
    return text


# --- changes -------------------------------------------------------------------------------------


def test_changes_come_in_pieces_and_count_utf_16(editor: Editor, opened: Any) -> None:
    """Behind wide characters, over lines, in an order; places outside are the nearest ones."""
    uri = opened('x = "😀é"\r\ny = 1\nprint(x, y)\n')
    editor.edit(uri, (0, 5), (0, 7), "a")  # the emoji takes two
    editor.edit(uri, (0, 8), (1, 1), "\nprn")
    assert editor.diagnostics(uri)[0]["range"]["start"] == {"line": 2, "character": 9}
    editor.edit(uri, (1, 0), (1, 3), "y")
    published = editor.published(uri)
    editor.edit(uri, (99, 5), (12, 0), 'print("end")\n')
    assert editor.diagnostics(uri, after=published) == []
    text = 'x = "aé"\ny = 1\nprint(x, y)\nprint("end")\n'
    assert edited(text, editor.of("formatting", uri, options=OPTIONS)) == text


def test_a_client_that_prefers_other_units_is_told(app: Path) -> None:
    """Helix asks for UTF-8 first; the answer must not leave open what counts."""
    general = {"general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]}}
    with Editor(app, capabilities=general) as editor:
        assert editor.capabilities.get("positionEncoding", "utf-16") == "utf-16"
        uri = editor.open(app / "wide.soli", 'x = "ééé" + prnt(1)\n')
        assert editor.diagnostics(uri)[0]["range"]["start"] == {"line": 0, "character": 12}


# --- colours -------------------------------------------------------------------------------------


def colours(editor: Editor, uri: str, text: str, method: str = "full", **more: Any) -> list[Any]:
    """(text, kind, modifiers) of each."""
    legend = editor.capabilities["semanticTokensProvider"]["legend"]
    data = editor.of(f"semanticTokens/{method}", uri, **more)["data"]
    lines = text.split("\n")
    found, line, column = [], 0, 0
    for at in range(0, len(data), 5):
        down, across, length, kind, bits = data[at : at + 5]
        line, column = line + down, across + (0 if down else column)
        written = lines[line].encode("utf-16-le")[2 * column : 2 * (column + length)]
        words = [one for n, one in enumerate(legend["tokenModifiers"]) if bits & 1 << n]
        found.append((written.decode("utf-16-le"), legend["tokenTypes"][kind], words))
    return found


def test_names_have_colours_by_what_they_mean(editor: Editor, opened: Any) -> None:
    text = (
        "const LIMIT = 3\nclass Car\n  km: Int\n  def drive(far)\n    far + LIMIT\n  end\nend\n"
        'x = "😀"; car = Car.new\nprint(car.drive(x.length), shout(x))\nmissing\n'
    )
    uri = opened(text)
    found = colours(editor, uri, text)
    for expected in (
        ("LIMIT", "variable", ["declaration", "readonly"]),
        ("Car", "class", ["declaration"]),
        ("Int", "type", []),
        ("drive", "method", ["declaration"]),
        ("far", "parameter", []),
        ("LIMIT", "variable", ["readonly"]),
        ("Car", "class", []),
        ("print", "function", ["defaultLibrary"]),
        ("car", "variable", []),
        ("drive", "method", []),
        ("length", "property", []),
        ("shout", "function", []),
    ):
        assert expected in found
    line = {"start": {"line": 3, "character": 0}, "end": {"line": 4, "character": 0}}
    part = colours(editor, uri, text, "range", range=line)
    assert [name for name, _, _ in part] == ["drive", "far"]


def test_every_program_has_colours_in_order(editor: Editor) -> None:
    """None overlaps with the one before, none is outside of its line."""
    for path in program_files()[:40]:
        text = (ROOT / path).read_text("utf-8")
        uri = editor.open(ROOT / path, text)
        data = editor.of("semanticTokens/full", uri)["data"]
        lines = [len(line.encode("utf-16-le")) // 2 for line in text.split("\n")]
        line = column = end = 0
        for at in range(0, len(data), 5):
            down, across, length, _, _ = data[at : at + 5]
            assert down or across >= end - column or at == 0
            line, column = line + down, across + (0 if down else column)
            end = column + length
            assert end <= lines[line]
        editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


# --- folds and selections ------------------------------------------------------------------------


def test_folds(editor: Editor, opened: Any) -> None:
    text = (
        "# one\n# two\n\ndef f(x)\n  if x\n    1\n  else\n    2\n  end\nend\n\nh = {\n  a: 1,\n}\n"
    )
    found = {
        (one["startLine"], one["endLine"], one.get("kind"))
        for one in editor.of("foldingRange", opened(text))
    }
    assert found == {(0, 1, "comment"), (3, 8, None), (4, 7, None), (11, 12, None)}


def test_selections_grow(editor: Editor, opened: Any) -> None:
    text = "def f(x)\n  if x\n    print(x + 12)\n  end\nend\n"
    uri = opened(text)
    (one,) = editor.of("selectionRange", uri, positions=[{"line": 2, "character": 14}])
    grown = []
    while one is not None:
        grown.append(edited(text, [{"range": one["range"], "newText": "\0"}]))
        one = one.get("parent")
    kept = [
        text[len(before.split("\0")[0]) : len(text) - len(before.split("\0")[1])]
        for before in grown
    ]
    assert kept[:3] == ["12", "x + 12", "print(x + 12)"]
    assert kept[-1] == text
    assert all(len(a) < len(b) for a, b in itertools.pairwise(kept))


# --- types ---------------------------------------------------------------------------------------

TYPED = """def handle(event)
  text = event["params"]["room"]
  big = "a".upcase
  words = big.split(" ")
  n = words.length
  words.each do |word|
    print(word, n)
  end
  { "send": big }
end

def half(n: Int)
  n / 2
end

def twice(n: Int) -> Int
  n * 2
end
"""


def hinted(editor: Editor, uri: str, text: str) -> str:
    """*text* with the hints in it."""
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 999, "character": 0}}
    found = editor.of("inlayHint", uri, range=whole)
    edits = [
        {"range": {"start": one["position"], "end": one["position"]}, "newText": one["label"]}
        for one in found
    ]
    return edited(text, edits)


def test_inferred_types_are_shown(editor: Editor, opened: Any) -> None:
    text = hinted(editor, opened(TYPED, "chat_controller.soli"), TYPED)
    assert '  text: String = event["params"]["room"]' in text
    assert '  words: [String] = big.split(" ")' in text
    assert "  n: Int = words.length" in text
    assert "|word: String|" in text
    assert "def half(n: Int) -> " in text
    assert "def twice(n: Int) -> Int\n" in text  # as it is written


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [(6, 16, "n: Int"), (3, 3, "words: [String]"), (6, 11, "word: String"), (1, 3, "text: String")],
)
def test_hovers_show_types(
    editor: Editor, opened: Any, line: int, column: int, expected: str
) -> None:
    uri = opened(TYPED, "chat_controller.soli")
    assert f"```soli\n{expected}\n```" in editor.at("hover", uri, line, column)["contents"]["value"]


def test_members_are_those_of_the_inferred_type(editor: Editor, opened: Any) -> None:
    uri = opened("def f(n: Int)\n  text = n.to_s\n  text.length\nend\n")
    text = editor.at("hover", uri, 2, 9)["contents"]["value"]
    assert "String.length" in text
    assert "Array.length" not in text


# --- lenses --------------------------------------------------------------------------------------


def test_lenses_run_specs(editor: Editor, app: Path) -> None:
    path = app / "tests" / "sums_spec.soli"
    path.parent.mkdir(exist_ok=True)
    text = (
        'describe("sums") do\n'
        '  test("adds") do\n    expect(1 + 1).to_equal(2)\n  end\n'
        '  test("fails") do\n    expect(1).to_equal(2)\n  end\n'
        "end\n"
    )
    path.write_text(text)
    uri = editor.open(path)
    found = editor.of("codeLens", uri)
    names = [(one["range"]["start"]["line"], one["command"]["arguments"][1]) for one in found]
    assert names == [(0, "sums"), (1, f"sums{SEPARATOR}adds"), (4, f"sums{SEPARATOR}fails")]
    assert {one["command"]["command"] for one in found} == {"soli.runSpec"}
    for lens, kind, said in ((found[1], 3, "1 passed"), (found[2], 1, "1 failed")):
        command = lens["command"]
        editor.request(
            "workspace/executeCommand",
            {"command": command["command"], "arguments": command["arguments"]},
        )
        shown = editor.shown()
        assert (shown["type"], said in shown["message"]) == (kind, True), shown
    wrong = {"command": "soli.runSpec", "arguments": ["/etc/passwd", ""]}
    assert "not open" in editor.ask("workspace/executeCommand", wrong)["error"]["message"]


def test_lenses_try_handlers(editor: Editor, opened: Any, app: Path) -> None:
    found = editor.of("codeLens", opened(TYPED, "chat_controller.soli"))
    assert [(one["range"]["start"]["line"], one["command"]) for one in found] == [
        (0, {"title": "Try in the REPL", "command": "soli.tryInRepl", "arguments": [str(app)]})
    ]


# --- fixes ---------------------------------------------------------------------------------------


def actions(editor: Editor, uri: str, line: int, column: int, only: Any = None) -> list[Any]:
    place = {"line": line, "character": column}
    context = {"diagnostics": [], **({"only": only} if only else {})}
    found: list[Any] = editor.of(
        "codeAction", uri, range={"start": place, "end": place}, context=context
    )
    return found


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("prnt(1)\n", (0, 1), "print(1)\n"),
        ('"a".upcas\n', (0, 6), '"a".upcase\n'),
        (
            "def f(n)\n  count = n\n  coun + 1\nend\n",
            (2, 3),
            "def f(n)\n  count = n\n  count + 1\nend\n",
        ),
        ("dfe f(x)\n  x\nend\n", (0, 1), "def f(x)\n  x\nend\n"),
        (
            'def handle(event)\n  { "brodcast": 1 }\nend\n',
            (1, 6),
            'def handle(event)\n  { "broadcast": 1 }\nend\n',
        ),
        ("def f(x: Sting)\n  x\nend\n", (0, 10), "def f(x: String)\n  x\nend\n"),
        ("def f\n  unused = 1\n  2\nend\n", (1, 4), "def f\n  _unused = 1\n  2\nend\n"),
    ],
)
def test_quick_fixes(
    editor: Editor, opened: Any, text: str, place: tuple[int, int], expected: str
) -> None:
    """They come with their edit, and what they mend."""
    uri = opened(text, "chat_controller.soli")
    found = actions(editor, uri, *place)
    assert found, editor.diagnostics(uri)
    assert edited(text, found[0]["edit"]["changes"][uri]) == expected
    assert found[0]["kind"] == "quickfix"
    assert found[0]["diagnostics"][0]["message"]


def test_fixes_are_asked_for_by_kind_and_place(editor: Editor, opened: Any) -> None:
    text = "prnt(1)\nputz = 1\nprnt(putz, putzz)\n"
    uri = opened(text)
    assert actions(editor, uri, 1, 2) == []
    assert actions(editor, uri, 0, 1, ["refactor"]) == []
    (everything,) = actions(editor, uri, 1, 0, ["source.fixAll"])
    certain = "print(1)\nputz = 1\nprint(putz, putzz)\n"  # what `soli check --fix` writes
    assert edited(text, everything["edit"]["changes"][uri]) == certain
    (one,) = actions(editor, uri, 2, 12, ["quickfix"])
    assert (one["title"], one["isPreferred"]) == ("Change 'putzz' to 'putz'", False)


# --- layout --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "typed", "expected"),
    [
        ("def f\n  if x\n    1\n    end\nend\n", (3, 7), "d", "def f\n  if x\n    1\n  end\nend\n"),
        ("def f\n  x = {\n    }\nend\n", (2, 5), "}", "def f\n  x = {\n  }\nend\n"),
        ("def f(x)\n\n", (1, 0), "\n", "def f(x)\n  \nend\n"),
        ("def f(x)\n", (1, 0), "\n", "def f(x)\n  \nend"),
        ("def f(x)\n\nend\n", (1, 0), "\n", "def f(x)\n  \nend\n"),
        (
            "def f(x)\n  list.each do |a|\n\nend\n",
            (2, 0),
            "\n",
            "def f(x)\n  list.each do |a|\n    \n  end\nend\n",
        ),
        ("x = [\n\n]\n", (1, 0), "\n", "x = [\n  \n]\n"),
        ("def f\n  the end\nend\n", (1, 9), "d", "def f\n  the end\nend\n"),
    ],
)
def test_layout_while_typing(
    editor: Editor, opened: Any, text: str, place: tuple[int, int], typed: str, expected: str
) -> None:
    position = {"line": place[0], "character": place[1]}
    uri = opened(text)
    edits = editor.of("onTypeFormatting", uri, position=position, ch=typed, options=OPTIONS)
    assert edited(text, edits) == expected


def test_a_range_is_formatted_alone(editor: Editor, opened: Any) -> None:
    text = "def f( x )\n x+1\n\n\n\n y=2\nend\ndef g( x )\n  x\nend\n"
    uri = opened(text)
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
    assert edited(text, editor.of("rangeFormatting", uri, range=whole, options=OPTIONS)) == (
        "def f(x)\n  x + 1\n\n\n\n y=2\nend\ndef g( x )\n  x\nend\n"
    )
