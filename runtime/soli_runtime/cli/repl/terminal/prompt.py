"""The prompt on a terminal: editing whole blocks, history, completion, colours (prompt_toolkit).

Words that close a block, such as `end`, move to where it began as soon as they are written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style

from soli_lang.tools.formatting.indenting import (
    CLOSING_WORDS,
    indentation_of_last_line,
    indentation_of_next_line,
)

from ..evaluating import is_unfinished
from ..prompting import CONTINUATION, ReadLine, Tried
from .completing import SoliCompleter
from .highlighting import PromptLexer
from .signatures import Signatures

_STYLE = Style.from_dict({"bottom-toolbar": "noreverse"})


def terminal(bench: Tried, write: Callable[[str], None]) -> ReadLine:
    """Reads inputs from the terminal; what is written meanwhile goes above the prompt."""
    signatures = Signatures(bench)

    def call_below() -> StyleAndTextTuples:
        call = signatures.at(session.default_buffer.document.text_before_cursor)
        return [] if call is None else call.fragments()

    session: PromptSession[str] = PromptSession(
        history=open_history(write),
        completer=SoliCompleter(bench),
        complete_while_typing=False,
        lexer=PygmentsLexer(PromptLexer),
        multiline=True,
        prompt_continuation=CONTINUATION,
        key_bindings=_bindings(),
        enable_history_search=True,  # the arrow up goes through what begins like the line
        auto_suggest=AutoSuggestFromHistory(),
        bottom_toolbar=call_below,
        style=_STYLE,
    )
    session.default_buffer.on_text_insert += dedent

    async def read(prompt: str) -> str | None:
        try:
            with patch_stdout(raw=True):
                return await session.prompt_async(prompt)
        except EOFError:
            return None

    return read


def _bindings() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter")
    def enter(event: KeyPressEvent) -> None:
        """Evaluate what is complete; go on in the next line of what is not."""
        buffer = event.current_buffer
        buffer.complete_state = None  # what was chosen in the menu is in the text
        text = buffer.document.text
        if buffer.document.is_cursor_at_the_end and wants_more(text):
            buffer.insert_text("\n" + indentation(text))
        else:
            buffer.validate_and_handle()

    @bindings.add("escape", "enter")
    def force(event: KeyPressEvent) -> None:
        """A new line, wherever the cursor is."""
        event.current_buffer.insert_text("\n")

    return bindings


def wants_more(text: str) -> bool:
    """Whether Enter goes on in the next line: what is typed is unfinished.

    A line left empty ends it, so that nobody is caught in an input that will never be complete.
    """
    if text.lstrip().startswith(".") or not text.strip():
        return False
    return not text.endswith("\n\n") and is_unfinished(text)


def indentation(text: str) -> str:
    """White space for the next line of an unfinished block."""
    last = text.split("\n")[-1]
    known = indentation_of_next_line(text)
    return last[: len(last) - len(last.lstrip())] if known is None else known


def dedent(buffer: Buffer) -> None:
    """Move what closes a block, and stands alone on its line, to where the block began."""
    document = buffer.document
    line = document.current_line_before_cursor
    word = line.strip()
    if line == word or not (word in CLOSING_WORDS or word in ("}", "]", ")")):
        return
    wanted = indentation_of_last_line(document.text_before_cursor)
    if wanted is not None and len(wanted) < len(line) - len(word):
        buffer.delete_before_cursor(len(line))
        buffer.insert_text(wanted + word, fire_event=False)


def open_history(write: Callable[[str], None]) -> History:
    """What was typed before, of this session only where nothing can be kept."""
    try:
        file = history_file()
        with file.open("ab"):
            return FileHistory(str(file))
    except (OSError, RuntimeError) as error:  # RuntimeError: nobody knows where home is
        reason = error.strerror if isinstance(error, OSError) else str(error)
        where = f" in {error.filename}" if isinstance(error, OSError) else ""
        write(f"What you type is not remembered{where}: {reason}\n")
        return InMemoryHistory()


def history_file() -> Path:
    """Where it is kept. Raises OSError, RuntimeError."""
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "soli"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "history"
