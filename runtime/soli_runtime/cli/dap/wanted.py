"""What a client asks to launch or to attach to, checked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from ...debugging.framing import Message
from ...debugging.places import FOLDER, NAME, read_place

RECENT = "recent.jsonl"
"""What `soli run --dev` leaves of the last events."""
MODES = ("run", "test", "replay")
_SPECS = tuple(f"_{end}{suffix}" for end in ("spec", "test") for suffix in (".soli", ".sl"))


class Unfit(Exception):
    """The arguments make no sense. The text says what was expected."""


class Launch(NamedTuple):
    """A process to start."""

    arguments: list[str]
    """Of `soli`."""
    cwd: Path
    environment: dict[str, str]
    stops_on_entry: bool
    is_test: bool


class Place(NamedTuple):
    """Where a debugger listens."""

    port: int
    token: str


def launch_of(given: Message) -> Launch:
    """What `launch` asks for. Raises Unfit."""
    cwd = Path(_text(given, "cwd") or ".").expanduser().resolve()
    if not cwd.is_dir():
        raise Unfit(f"cwd: there is no folder '{cwd}'")
    program, recording = _text(given, "program"), _text(given, "recording")
    if not program:
        raise Unfit('program is missing: the file or folder to debug, "${file}" for instance')
    path = (cwd / Path(program).expanduser()).resolve()
    if not path.exists():
        raise Unfit(f"program: there is no file or folder '{path}'")
    mode = _mode(given, path, recording)
    options = given.get("args") or []
    if not isinstance(options, list) or not all(isinstance(one, str) for one in options):
        raise Unfit('args has to be a list of texts, such as ["--port", "5012"]')
    command = [mode, *_replayed(mode, cwd, path, recording), str(path), *options]
    entry = bool(given.get("stopOnEntry", False))
    return Launch(command, cwd, _environment(given), entry, mode == "test")


def _mode(given: Message, path: Path, recording: str) -> str:
    mode = _text(given, "mode")
    if mode and mode not in MODES:
        raise Unfit(f"mode '{mode}' is none of {', '.join(MODES)}")
    if mode:
        return mode
    if recording:
        return "replay"
    return "test" if path.name.endswith(_SPECS) else "run"


def _replayed(mode: str, cwd: Path, program: Path, recording: str) -> list[str]:
    """The recording: what was named, else the last events of `soli run --dev`."""
    if mode != "replay":
        return []
    if not recording:
        folder = program if program.is_dir() else program.parent
        recent = folder / FOLDER / RECENT
        if not recent.is_file():
            raise Unfit(
                f"recording is missing: name a file that soli run --record wrote, or let "
                f"soli run --dev leave {recent}"
            )
        return [str(recent)]
    path = (cwd / Path(recording).expanduser()).resolve()
    if not path.is_file():
        raise Unfit(f"recording: there is no file '{path}'")
    return [str(path)]


def _environment(given: Message) -> dict[str, str]:
    added = given.get("env") or {}
    if not isinstance(added, dict):
        raise Unfit("env has to be an object of texts")
    environment = dict(os.environ)
    for name, value in added.items():
        if value is None:
            environment.pop(name, None)
        elif isinstance(value, str | int | float):
            environment[name] = str(value)
        else:
            raise Unfit(f"env: the value of '{name}' has to be a text")
    return environment


def _text(given: Message, name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unfit(f"{name} has to be a text")
    return value


def place_of(given: Message) -> Place:
    """Where `attach` is to go. Raises Unfit."""
    port, token = given.get("port"), given.get("token")
    if port is not None:
        if not isinstance(port, int) or not 0 < port < 65536:
            raise Unfit("port has to be a number up to 65535")
        if not isinstance(token, str) or not token:
            raise Unfit(f"token is missing: it is in {FOLDER}/{NAME} of the app")
        return Place(port, token)
    program = _text(given, "program")
    if program:
        cwd = Path(_text(given, "cwd") or ".").expanduser().resolve()
        return _left_by(_folder_of((cwd / Path(program).expanduser()).resolve()))
    if given.get("pid") is not None:
        return _place_of_process(given["pid"])
    raise Unfit("attach needs port and token, or program, or pid")


def _folder_of(path: Path) -> Path:
    """The folder of the app that *path* is, or belongs to."""
    folder = path if path.is_dir() else path.parent
    for one in (folder, *folder.parents):
        if (one / FOLDER / NAME).is_file():
            return one
    return folder


def _left_by(folder: Path) -> Place:
    path = folder / FOLDER / NAME
    found = read_place(path)
    if found is None:
        raise Unfit(f"nothing is debugged there: no {path}; start it with soli run --dev")
    return Place(found["port"], found["token"])


def _place_of_process(pid: Any) -> Place:
    """The debugger of a process: in the folder of the program that it was given."""
    if not str(pid).isdigit():
        raise Unfit("pid has to be a number")
    process = Path("/proc") / str(pid)
    try:
        cwd = Path(os.readlink(process / "cwd"))
        words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        raise Unfit(f"process {pid} cannot be looked at: give program, or port and token") from None
    for word in (*words, "."):
        for path in (cwd / word, (cwd / word).parent):
            found = read_place(path / FOLDER / NAME)
            if found is not None and found.get("pid") == int(pid):
                return Place(found["port"], found["token"])
    raise Unfit(f"process {pid} is no soli run --dev: it left no {FOLDER}/{NAME}")
