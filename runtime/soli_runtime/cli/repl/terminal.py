"""The prompt on a terminal: editing whole blocks, history, completion, colours (prompt_toolkit)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.patch_stdout import patch_stdout

from .completing import SoliCompleter
from .evaluating import is_unfinished
from .highlighting import PromptLexer
from .prompting import CONTINUATION, ReadLine, Tried

INDENT = "  "
OPENERS = ("def", "class", "if", "unless", "while", "for", "try", "match", "begin", "module")


def terminal(bench: Tried, write: Callable[[str], None]) -> ReadLine:
    """Reads inputs from the terminal; what is written meanwhile goes above the prompt."""
    session: PromptSession[str] = PromptSession(
        history=open_history(write),
        completer=SoliCompleter(bench),
        complete_while_typing=False,
        lexer=PygmentsLexer(PromptLexer),
        multiline=True,
        prompt_continuation=CONTINUATION,
        key_bindings=_bindings(),
        enable_history_search=False,
    )

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
    margin = last[: len(last) - len(last.lstrip())]
    words = last.split()
    opens = words and (words[0] in OPENERS or words[-1] in ("do", "{", "[", "(") or last[-1] == "|")
    return margin + INDENT if opens else margin


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
