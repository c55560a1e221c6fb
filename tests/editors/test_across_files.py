"""Names over the files of an app: where they are used, and what a rename makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..support.lsp_client import Editor

FILES = {
    "config/routes.soli": 'router_websocket("/ws/:room", "chat#handle")\n',
    "app/controllers/chat_controller.soli": """def handle(event)
  text = event["message"]
  { "send": shout(text), "note": "shout it: #{shout("a")}" }
end

def other(shout)
  shout + 1
end

def typed(who: Person) -> Person
  Person.new(who.name)
end
""",
    "app/controllers/home_controller.soli": """import { weep, cry as sob } from "../../lib/sounds"
import * as noises from "../../lib/sounds"

def index(req)
  shout = 3
  weep("x")
  noises.weep(sob("y"))
  words.shout
end
""",
    "app/helpers/words.soli": """# Says it louder.
def shout(text)
  text.upcase
end

class Person
  name: String

  new(name)
    this.name = name
  end

  def greet
    shout(this.name)
  end
end
""",
    "lib/sounds.soli": """export def weep(text)
  cry(text)
end

export def cry(text)
  text
end
""",
    "tests/other_spec.soli": 'test("shout") do\n  shout = 1\n  expect(shout).to_equal(1)\nend\n',
    "app/views/home/index.html.slv": "<h1><%= whisper(title) %></h1>\n",
    "app/helpers/more.soli": "def whisper(x)\n  x\nend\n",
    "app/helpers/two.soli": "def one(x)\n  x\nend\n\ndef two\n  one(1)\nend\n",
}
CHAT, HOME = "app/controllers/chat_controller.soli", "app/controllers/home_controller.soli"
WORDS, SOUNDS = "app/helpers/words.soli", "lib/sounds.soli"


def written(root: Path) -> Path:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def opened(app: Path) -> Iterator[Editor]:
    with Editor(app) as editor:
        yield editor
    assert editor.status == 0
    assert "Traceback" not in editor.errors


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="module")
def editor(app: Path) -> Iterator[Editor]:
    yield from opened(app)


@pytest.fixture
def own_app(tmp_path: Path) -> Path:
    """One that a test may change."""
    return written(tmp_path)


@pytest.fixture
def own_editor(own_app: Path) -> Iterator[Editor]:
    yield from opened(own_app)


def found(app: Path, locations: list[Any]) -> set[tuple[str, int, int]]:
    """(file, line, column) of each, as they stand in the text."""
    return {
        (
            one["uri"].removeprefix(app.as_uri() + "/"),
            one["range"]["start"]["line"],
            one["range"]["start"]["character"],
        )
        for one in locations
    }


def references(editor: Editor, uri: str, line: int, column: int, declared: bool = True) -> Any:
    context = {"includeDeclaration": declared}
    return editor.at("references", uri, line, column, context=context)


def test_references_leave_out_strings_and_names_that_shadow(editor: Editor, app: Path) -> None:
    """Of a helper: in all files that see it, from wherever one asks."""
    everywhere = {(WORDS, 1, 4), (WORDS, 13, 4), (CHAT, 2, 12), (CHAT, 2, 46)}
    chat, words = editor.open(app / CHAT), editor.open(app / WORDS)
    assert found(app, references(editor, chat, 2, 13)) == everywhere
    assert found(app, references(editor, words, 1, 5)) == everywhere
    assert found(app, references(editor, words, 1, 5, declared=False)) == everywhere - {
        (WORDS, 1, 4)
    }
    # Of the parameter that is called the same: those only.
    assert found(app, references(editor, chat, 6, 3)) == {(CHAT, 5, 10), (CHAT, 6, 2)}


def test_references_of_what_is_imported(editor: Editor, app: Path) -> None:
    """By its name, by another one, and through a namespace."""
    home = editor.open(app / HOME)
    weep = {(SOUNDS, 0, 11), (HOME, 0, 9), (HOME, 5, 2), (HOME, 6, 9)}
    assert found(app, references(editor, home, 5, 3)) == weep
    assert found(app, references(editor, home, 6, 10)) == weep
    cry = {(SOUNDS, 1, 2), (SOUNDS, 4, 11), (HOME, 0, 15)}
    assert found(app, references(editor, editor.open(app / SOUNDS), 1, 3)) == cry


def test_references_of_classes_and_members(editor: Editor, app: Path) -> None:
    """Types count; members are found by their name."""
    chat = editor.open(app / CHAT)
    person = {(WORDS, 5, 6), (CHAT, 9, 15), (CHAT, 9, 26), (CHAT, 10, 2)}
    assert found(app, references(editor, chat, 10, 3)) == person
    assert found(app, references(editor, chat, 9, 16)) == person
    assert (CHAT, 10, 17) in found(app, references(editor, chat, 10, 18))


def test_highlights_tell_reading_from_writing(editor: Editor, app: Path) -> None:
    path = app / "app/controllers/marks.soli"
    uri = editor.open(path, 'def f(n)\n  total = 0\n  total += n\n  g(total, "total")\nend\n')
    marks = editor.at("documentHighlight", uri, 1, 3)
    assert [(one["range"]["start"]["line"], one["kind"]) for one in marks] == [
        (1, 3),
        (2, 3),
        (3, 2),
    ]


def renamed(editor: Editor, app: Path, uri: str, line: int, column: int, name: str) -> Any:
    """The texts of the files that a rename changes."""
    changes = editor.at("rename", uri, line, column, newName=name)["changes"]
    texts = {}
    for one, edits in changes.items():
        file = one.removeprefix(app.as_uri() + "/")
        lines = (app / file).read_text("utf-8").split("\n")
        for edit in sorted(edits, key=lambda e: -e["range"]["start"]["character"]):
            start, end = edit["range"]["start"], edit["range"]["end"]
            line_text = lines[start["line"]]
            lines[start["line"]] = (
                line_text[: start["character"]] + edit["newText"] + line_text[end["character"] :]
            )
        texts[file] = "\n".join(lines)
    return texts


def test_a_helper_is_renamed_in_all_files(editor: Editor, app: Path) -> None:
    texts = renamed(editor, app, editor.open(app / CHAT), 2, 13, "yell")
    assert set(texts) == {CHAT, WORDS}
    assert '{ "send": yell(text), "note": "shout it: #{yell("a")}" }' in texts[CHAT]
    assert "def other(shout)\n  shout + 1" in texts[CHAT]
    assert "def yell(text)" in texts[WORDS]
    assert "    yell(this.name)" in texts[WORDS]


def test_what_is_imported_is_renamed_with_its_imports(editor: Editor, app: Path) -> None:
    texts = renamed(editor, app, editor.open(app / SOUNDS), 0, 12, "moan")
    assert set(texts) == {SOUNDS, HOME}
    assert "import { moan, cry as sob }" in texts[HOME]
    assert 'moan("x")\n  noises.moan(sob("y"))' in texts[HOME]
    cried = renamed(editor, app, editor.open(app / SOUNDS), 4, 12, "howl")
    assert "import { weep, howl as sob }" in cried[HOME]
    assert 'noises.weep(sob("y"))' in cried[HOME]


def test_a_class_is_renamed_in_types(editor: Editor, app: Path) -> None:
    texts = renamed(editor, app, editor.open(app / WORDS), 5, 7, "Human")
    assert "def typed(who: Human) -> Human\n  Human.new(who.name)" in texts[CHAT]
    assert "class Human" in texts[WORDS]


def test_unsaved_texts_count(own_editor: Editor, own_app: Path) -> None:
    """What the editor has, and not what is on disk; a file that is gone has no uses."""
    editor, app = own_editor, own_app
    words = editor.open(app / WORDS)
    editor.open(app / CHAT, "def handle(event)\n  { }\nend\n")
    (app / SOUNDS).unlink()
    assert found(app, references(editor, words, 1, 5)) == {(WORDS, 1, 4), (WORDS, 13, 4)}


@pytest.mark.parametrize(
    ("file", "line", "column", "name", "why"),
    [
        (WORDS, 1, 5, "end", "no name"),
        (WORDS, 1, 5, "print", "builtin"),
        ("app/helpers/two.soli", 0, 5, "two", "another 'two'"),
        (WORDS, 1, 5, "typed", "another 'typed'"),
        (WORDS, 1, 5, "Shout", "capital"),
        (WORDS, 12, 7, "name", "Person has 'name' already"),
        (CHAT, 0, 5, "answer", "a route in config/routes.soli leads to 'handle'"),
        ("app/helpers/more.soli", 0, 5, "hush", "the template app/views/home/index.html.slv"),
        (CHAT, 2, 4, "x", "no name here"),
    ],
)
def test_renames_that_are_refused(
    editor: Editor, app: Path, file: str, line: int, column: int, name: str, why: str
) -> None:
    uri = editor.open(app / file)
    params = {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": column},
        "newName": name,
    }
    assert why in editor.ask("textDocument/rename", params)["error"]["message"]


def test_symbols_of_the_workspace(own_editor: Editor, own_app: Path) -> None:
    """By letters in their order, methods with their class, saved or not."""
    editor, app = own_editor, own_app
    editor.open(app / "app/helpers/unsaved.soli", "def shorten\nend\n")
    found_ = editor.request("workspace/symbol", {"query": "sho"})
    assert {one["name"] for one in found_} == {"shout", "shorten", "test shout"}
    greet = editor.request("workspace/symbol", {"query": "gret"})
    assert [(one["name"], one["containerName"]) for one in greet] == [("greet", "Person")]
    assert greet[0]["location"]["uri"] == (app / WORDS).as_uri()


def test_definitions_in_other_files(editor: Editor, app: Path) -> None:
    home = editor.open(app / HOME)
    for line, column in ((5, 3), (6, 10)):
        place = editor.at("definition", home, line, column)
        assert found(app, [place]) == {(SOUNDS, 0, 11)}
    chat = editor.open(app / CHAT)
    assert found(app, [editor.at("definition", chat, 9, 16)]) == {(WORDS, 5, 6)}
