"""The apps on the pages of docs: saved, served, talked to and tested as a reader would do it.

A page is worked through from its top in an empty folder. What a fenced block is, the comment
before it or its language says:

    **`PATH`**                (a line before it) the reader saves it as PATH
    <!-- new -->              (no block) the reader begins another app, in an empty folder
    ```talk                   the app, served as it is now, is talked to (below); `<!-- talk:
                              FLAGS -->` before it gives `soli run` flags
    ```console                `$ soli …` commands, and what they print
    ```soli, ```output        a program and what it prints (`guide.py`)
    <!-- judged: NAME -->     another test, named, judges it

`…` stands for anything. In a talk:

    ada connects PATH         ada is refused STATUS
    ada sends TEXT            ada gets TEXT           ada closes      ada is closed CODE REASON
    GET PATH                  POST PATH FORM          STATUS BODY (or, of a redirect, its target)
    from ORIGIN               header NAME: VALUE      of further requests; of the last answer

Requests and sockets of a talk come from one visitor, who keeps cookies; `another visitor` begins
a new one.
"""

from __future__ import annotations

import http.client
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from soli_lang import SoliError

from . import guide
from .corpus import ROOT
from .live import PATIENCE_SECONDS, SOLI, LiveServer, serve

PAGES = sorted(
    [ROOT / "docs" / "tutorial.md", *(ROOT / "docs" / "howto").glob("*.md")],
)
_BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*?) -->\n)(?!```)|"
    r"(?:<!-- (?P<blockmark>[^>]*?) -->\n|^\*\*`(?P<path>[^`\n]+)`\*\*\n\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_SAYING = re.compile(r"(\w+) (connects|sends|gets|closes|is refused|is closed)(?: (.*))?$")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page, or a comment that is an instruction."""

    line: int
    mark: str
    language: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of *page*, in their order."""
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        mark = found["mark"] or found["blockmark"] or ""
        mark = f"save: {found['path']}" if found["path"] else mark
        yield Block(line, mark, found["language"] or "", found["text"] or "")


def work_through(page: Path, folder: Path) -> list[str]:
    """Do what *page* says in *folder*; the marks or languages of what was done.

    Raises AssertionError, with the line of the page, where something is not as it says.
    """
    programs = {one.line: one for one in guide.examples(page)}
    done: list[str] = []
    for block in blocks(page):
        try:
            done.append(_do(block, folder, programs))
        except (AssertionError, OSError, SoliError) as error:
            raise AssertionError(f"{page.name}:{block.line}: {error}") from error
    return done


def _do(block: Block, folder: Path, programs: dict[int, guide.Example]) -> str:
    name, _, rest = block.mark.partition(": ")
    if name == "new":
        shutil.rmtree(folder)
        folder.mkdir()
    elif name == "save":
        path = folder / rest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")
    elif name == "judged" or block.language == "output":
        pass
    elif block.language == "talk":
        _talk(block.text, folder, rest)
    elif block.language == "console":
        _console(block.text, folder)
    elif block.language == "soli":
        at = block.line + (2 if block.mark else 1)
        guide.check(programs[at])
    elif block.language or block.text:
        raise AssertionError(f"nobody runs this block ({block.language or 'no language'})")
    return name or block.language


def matches(expected: str, got: str) -> bool:
    """Whether *got* is *expected*, in which `…` stands for anything."""
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, got, re.DOTALL) is not None


# --- commands ----------------------------------------------------------------------------------


def _console(text: str, folder: Path) -> None:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        words = shlex.split(command)
        assert words[0] == "soli", f"not a soli command: {command}"
        done = subprocess.run(
            [SOLI, *words[1:]],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert matches(expected.strip(), done.stdout.strip()), f"{command} prints\n{done.stdout}"


# --- talks -------------------------------------------------------------------------------------


@dataclass
class _Visitor:
    """Who talks: their cookies and open sockets."""

    server: LiveServer
    cookies: dict[str, str] = field(default_factory=dict)
    open: ExitStack = field(default_factory=ExitStack)
    sockets: dict[str, ClientConnection] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    origin: str = ""
    answer: tuple[int, str] | None = None
    answered: list[tuple[str, str]] = field(default_factory=list)
    """Headers of the answer."""

    def headers(self) -> dict[str, str]:
        pairs = [f"{name}={value}" for name, value in self.cookies.items()]
        return {"Cookie": "; ".join(pairs)} if pairs else {}

    def request(self, method: str, path: str, form: str) -> None:
        address = urlsplit(self.server.url)
        line = http.client.HTTPConnection(str(address.hostname), address.port, PATIENCE_SECONDS)
        headers = self.headers() | {"Origin": self.origin or self.server.url}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        line.request(method, path, form.encode() or None, headers)
        response = line.getresponse()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.answered = response.getheaders()
        body = response.read().decode()
        self.answer = (response.status, response.headers.get("Location") or body)
        line.close()

    def connect(self, name: str, path: str) -> None:
        self.refused.pop(name, None)
        try:
            socket = self.server.connect(
                path, additional_headers=self.headers(), origin=self.server.url
            )
            self.sockets[name] = self.open.enter_context(socket)
        except InvalidStatus as refused:
            self.refused[name] = refused.response.status_code

    def say(self, name: str, verb: str, rest: str) -> None:
        if verb == "connects":
            self.connect(name, rest)
        elif verb == "is refused":
            got = self.refused.get(name)
            assert str(got) == rest, f"{name} is refused {got}, not {rest}"
        elif verb == "sends":
            self.sockets[name].send(rest)
        elif verb == "gets":
            got_text = str(self.sockets[name].recv(PATIENCE_SECONDS))
            assert matches(rest, got_text), f"{name} gets {got_text}"
        elif verb == "closes":
            self.sockets.pop(name).close()
        else:
            self.closed(name, rest)

    def closed(self, name: str, expected: str) -> None:
        try:
            got = str(self.sockets[name].recv(PATIENCE_SECONDS))
        except ConnectionClosed as closed:
            shown = f"{closed.rcvd.code} {closed.rcvd.reason}" if closed.rcvd else "without a code"
            assert matches(expected, shown), f"{name} is closed {shown}"
        else:
            raise AssertionError(f"{name} gets {got}")

    def end(self) -> None:
        self.open.close()


def _talk(text: str, folder: Path, flags: str) -> None:
    flags = flags.replace("sqlite:", f"sqlite:{folder}/")  # the server starts elsewhere
    with serve(folder, *shlex.split(flags)) as server:
        visitor = _Visitor(server)
        visitors = [visitor]
        try:
            for line in text.splitlines():
                if line == "another visitor":
                    visitor = _Visitor(server)
                    visitors.append(visitor)
                elif line.strip():
                    _line(visitor, line)
        finally:
            for one in visitors:
                one.end()


def _line(visitor: _Visitor, line: str) -> None:
    words = line.split(" ", 2)
    if words[0] == "from":
        visitor.origin = words[1]
        return
    if words[0] == "header":
        got_headers = [f"header {name}: {value}" for name, value in visitor.answered]
        assert any(matches(line, one) for one in got_headers), f"the headers are {got_headers}"
        return
    if words[0] in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        visitor.request(words[0], words[1], words[2] if len(words) > 2 else "")
        return
    if words[0].isdigit():
        assert visitor.answer is not None, f"nobody asked before `{line}`"
        got = f"{visitor.answer[0]} {visitor.answer[1].strip()}".rstrip()
        assert matches(line, got), f"the answer is {got}"
        return
    said = _SAYING.match(line)
    assert said is not None, f"what does `{line}` mean?"
    visitor.say(said[1], said[2], said[3] or "")
