"""The VS Code extension: one package, consistent in itself, that works against `soli lsp`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.syntax.scanner.tokens import KEYWORDS

from ..support.corpus import ROOT

FOLDER = ROOT / "editors" / "vscode"
NODE = shutil.which("node")
NODE_FOLDER = ROOT / "tests" / "node"
SPACE = "{http://schemas.microsoft.com/developer/vsx-schema/2011}"


def _json(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("vsix")
    command = [sys.executable, str(FOLDER / "pack.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return ZipFile(done.stdout.strip())


def test_all_that_the_package_names_is_in_it(archive: ZipFile) -> None:
    package = _json("package.json")
    contributes = package["contributes"]
    named = [package["main"], contributes["grammars"][0]["path"]]
    named += [one["configuration"] for one in contributes["languages"]]
    named += [one["path"] for one in contributes["snippets"]]
    for name in named:
        assert f"extension/{name.removeprefix('./')}" in archive.namelist()
    for name in re.findall(r'require\("\./([^"]+)"\)', (FOLDER / "extension.js").read_text()):
        assert f"extension/{name}" in archive.namelist()


def test_snippets_are_programs() -> None:
    """With what they propose for each place."""
    for one in _json("snippets/soli.json").values():
        body = one["body"] if isinstance(one["body"], list) else [one["body"]]
        text = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", "\n".join(body))
        text = re.sub(r"\$\d", "1", text)
        parse(Source("snippet", f"x = {{ {text} }}" if text.startswith('"') else text))


def test_the_manifest_says_what_the_package_says(archive: ZipFile) -> None:
    package = _json("package.json")
    root = ElementTree.fromstring(archive.read("extension.vsixmanifest"))
    identity = root.find(f"{SPACE}Metadata/{SPACE}Identity")
    assert identity is not None
    found = (identity.get("Id"), identity.get("Version"), identity.get("Publisher"))
    assert found == (package["name"], package["version"], package["publisher"])
    for asset in root.iter(f"{SPACE}Asset"):
        assert asset.get("Path") in archive.namelist()
    types = archive.read("[Content_Types].xml").decode()
    endings = {Path(name).suffix for name in archive.namelist() if not name.startswith("[")}
    assert all(f'Extension="{ending}"' in types for ending in endings)


OWN = ("client", "debug", "specs", "views")


def test_nothing_but_node_and_vscode_is_required() -> None:
    for name in ("extension.js", "client.js", "debug.js", "specs.js", "views.js"):
        required = re.findall(r'require\("([^"]+)"\)', (FOLDER / name).read_text())
        assert all(
            one in ("vscode", *(f"./{room}.js" for room in OWN)) or one.startswith("node:")
            for one in required
        )
    assert "dependencies" not in _json("package.json")


def test_grammar_and_configuration_fit_the_language() -> None:
    package, grammar = _json("package.json"), _json("syntaxes/soli.tmLanguage.json")
    assert grammar["scopeName"] == package["contributes"]["grammars"][0]["scopeName"]
    endings = package["contributes"]["languages"][0]["extensions"]
    assert [f".{one}" for one in grammar["fileTypes"]] == endings == [".soli", ".sl"]
    words = set()
    for pattern in grammar["repository"]["words"]["patterns"]:
        words |= set(re.search(r"\(\?:([\w|]+)\)", pattern["match"])[1].split("|"))
    assert words == set(KEYWORDS)
    includes = set(re.findall(r'"include": "#(\w+)"', json.dumps(grammar)))
    assert includes == set(grammar["repository"])
    configuration = _json("language-configuration.json")
    assert configuration["comments"] == {"lineComment": "#", "blockComment": ["/*", "*/"]}
    indents = re.compile(configuration["indentationRules"]["increaseIndentPattern"])
    dedents = re.compile(configuration["indentationRules"]["decreaseIndentPattern"])
    for line in ("def f(x)", "  if a", "xs.each |x|", "x = {", "else", "describe(1) do |x|"):
        assert indents.match(line), line
    for line in ("x = 1", "return 1 if x", "def f() 1 end", "# if", "endless = 1"):
        assert not indents.match(line), line
    for line in ("end", "  else", "}", "  rescue e"):
        assert dedents.match(line), line
    for line in ("endless = 1", "x = 1"):
        assert not dedents.match(line), line


@pytest.mark.skipif(NODE is None, reason="needs Node (make setup)")
def test_its_types_are_those_of_the_oldest_editor_that_may_run_it() -> None:
    """By TypeScript, against what VS Code 1.75 offers extensions, and the Node in it."""
    packages = json.loads((NODE_FOLDER / "package.json").read_text())["dependencies"]
    assert _json("package.json")["engines"]["vscode"] == f"^{packages['@types/vscode']}"
    options = "--noEmit --allowJs --checkJs --strict --target es2021 --module commonjs".split()
    done = subprocess.run(
        ["node_modules/.bin/tsc", *options, "--types", "vscode,node", FOLDER / "extension.js"],
        cwd=NODE_FOLDER,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.skipif(NODE is None, reason="needs Node (make setup)")
def test_it_works_in_an_editor(tmp_path: Path) -> None:
    assert NODE is not None
    root = tmp_path / "chat"
    shutil.copytree(ROOT / "examples" / "chat", root)
    soli = Path(sys.executable).with_name("soli")
    done = subprocess.run(
        [NODE, "--test", "vscode_extension.test.mjs"],
        cwd=NODE_FOLDER,
        env={**os.environ, "SOLI": str(soli), "ROOT": str(root)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
