"""The class `File`, `slurp` and `barf` (docs/spec §L22.2), inside the host's root folder."""

from __future__ import annotations

import os
import stat

from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, String, Text, function, static
from soli_lang.values.values import Value

from ..ground.costs import make_items
from ..json.text import json_parse
from ..text.character_sets import decode_text
from ..text.encodings import to_bytes
from . import jail

CHUNK = 1024 * 1024
MAX_FOLDERS_DEEP = 100
_Path = String(message="File.{name}() expects string path")
_GlobalPath = String(message="{name}() expects string path")
_Content = Text("string")


# --- reading --------------------------------------------------------------------------------------


def read_bytes(machine: Machine, path: str, user: str) -> bytes:
    """The whole content of a file, within the size limit of values."""
    descriptor = jail.of(machine, user).open(path, os.O_RDONLY, user)
    try:
        machine.check_length(os.fstat(descriptor).st_size)
        chunks: list[bytes] = []
        size = 0
        while chunk := os.read(descriptor, CHUNK):
            size += len(chunk)
            # The file may grow while we read it.
            machine.check_growth(size)
            chunks.append(chunk)
    except OSError as error:
        raise jail.os_failure(user, error, path) from None
    finally:
        os.close(descriptor)
    machine.spend(size // 4096)
    return b"".join(chunks)


def read_text(machine: Machine, path: str, encoding: str, user: str) -> str:
    """The content as text. UTF-8 must be valid; other encodings replace what is malformed."""
    data = read_bytes(machine, path, user)
    if encoding.lower() not in ("utf-8", "utf8"):
        return decode_text(data, encoding)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise jail.failed(user, f"not valid UTF-8 at byte {error.start}: {path}") from None


@static("File", "read", _Path, String.optional("utf-8"))
def read(machine: Machine, path: str, encoding: str) -> str:
    """The content of a file."""
    return read_text(machine, path, encoding, "File.read")


@static("File", "lines", _Path)
def lines(machine: Machine, path: str) -> list[str]:
    """The lines of a file without their ends."""
    text = read_text(machine, path, "utf-8", "File.lines")
    make_items(machine, text.count("\n") + 1)
    parts = text.split("\n")
    if not parts[-1]:
        parts.pop()
    return [part.removesuffix("\r") for part in parts]


@function("slurp", _GlobalPath, String("string mode").optional("utf-8"))
def slurp(machine: Machine, path: str, mode: str) -> Value:
    """The content of a file: text, or Bytes when *mode* is `binary`."""
    if mode == "binary":
        return read_bytes(machine, path, "slurp")
    return read_text(machine, path, mode, "slurp")


@function("slurp_json", _GlobalPath)
def slurp_json(machine: Machine, path: str) -> Value:
    """The value of a JSON file."""
    return json_parse(machine, read_text(machine, path, "utf-8", "slurp_json"))


# --- asking ---------------------------------------------------------------------------------------


def _status(machine: Machine, path: str, user: str) -> os.stat_result | None:
    return jail.of(machine, user).status(path, user)


def _existing(machine: Machine, path: str, user: str) -> os.stat_result:
    status = _status(machine, path, user)
    if status is None:
        raise jail.failed(user, f"No such file or directory: {path}")
    return status


@static("File", "exists", _Path)
def exists(machine: Machine, path: str) -> bool:
    """Whether there is a file or folder."""
    return _status(machine, path, "File.exists") is not None


@function("file_exists", _GlobalPath)
def file_exists(machine: Machine, path: str) -> bool:
    """Whether there is a file or folder."""
    return _status(machine, path, "file_exists") is not None


@static("File", "is_file", _Path)
def is_file(machine: Machine, path: str) -> bool:
    """Whether there is a file."""
    status = _status(machine, path, "File.is_file")
    return status is not None and stat.S_ISREG(status.st_mode)


@static("File", "is_dir", _Path)
def is_dir(machine: Machine, path: str) -> bool:
    """Whether there is a folder."""
    status = _status(machine, path, "File.is_dir")
    return status is not None and stat.S_ISDIR(status.st_mode)


@static("File", "size", _Path)
def size(machine: Machine, path: str) -> int:
    """Bytes."""
    return _existing(machine, path, "File.size").st_size


@static("File", "modified", _Path)
def modified(machine: Machine, path: str) -> int:
    """The Unix second of the last change."""
    return int(_existing(machine, path, "File.modified").st_mtime)


# --- writing --------------------------------------------------------------------------------------


def write_bytes(machine: Machine, path: str, data: bytes, flags: int, user: str) -> None:
    """Write *data* to a file, made when it is not there."""
    descriptor = jail.writable(machine, user).open(path, os.O_WRONLY | os.O_CREAT | flags, user)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError as error:
        raise jail.os_failure(user, error, path) from None
    finally:
        os.close(descriptor)
    machine.spend(len(data) // 4096)


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


@static("File", "write", _Path, _Content)
def write(machine: Machine, path: str, content: str | bytes) -> bool:
    """Replace the content of a file."""
    write_bytes(machine, path, _bytes(content), os.O_TRUNC, "File.write")
    return True


@static("File", "append", _Path, _Content)
def append(machine: Machine, path: str, content: str | bytes) -> bool:
    """Add to the end of a file."""
    write_bytes(machine, path, _bytes(content), os.O_APPEND, "File.append")
    return True


@function("barf", _GlobalPath, _Content)
def barf(machine: Machine, path: str, content: str | bytes) -> None:
    """Replace the content of a file with text or Bytes."""
    write_bytes(machine, path, _bytes(content), os.O_TRUNC, "barf")


@function("file_write_bytes", _GlobalPath, Any_)
def file_write_bytes(machine: Machine, path: str, content: Value) -> bool:
    """Replace the content of a file with an Array of Ints."""
    data = to_bytes(content, "file_write_bytes")
    write_bytes(machine, path, data, os.O_TRUNC, "file_write_bytes")
    return True


@function("file_write_base64", _GlobalPath, String)
def file_write_base64(machine: Machine, path: str, content: str) -> bool:
    """Replace the content of a file with what Base64 text stands for."""
    import binascii

    try:
        data = binascii.a2b_base64(content.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise jail.failed("file_write_base64", "invalid Base64") from None
    write_bytes(machine, path, data, os.O_TRUNC, "file_write_base64")
    return True


@static("File", "delete", _Path)
def delete(machine: Machine, path: str) -> bool:
    """Remove a file."""
    user = "File.delete"
    with jail.writable(machine, user).changing(path, user) as (folder, name):
        os.unlink(name, dir_fd=folder)
    return True


@static("File", "copy", _Path, _Path)
def copy(machine: Machine, source: str, target: str) -> bool:
    """Copy a file's content."""
    data = read_bytes(machine, source, "File.copy")
    write_bytes(machine, target, data, os.O_TRUNC, "File.copy")
    return True


@static("File", "rename", _Path, _Path)
def rename(machine: Machine, source: str, target: str) -> bool:
    """Move a file or folder; replaces a file that is there."""
    user = "File.rename"
    root = jail.writable(machine, user)
    with root.changing(source, user) as (old, name), root.changing(target, user) as (new, new_name):
        os.replace(name, new_name, src_dir_fd=old, dst_dir_fd=new)
    return True


@function("mkdir_p", _GlobalPath)
def mkdir_p(machine: Machine, path: str) -> bool:
    """Make a folder and those above it that are missing."""
    root = jail.writable(machine, "mkdir_p")
    parts = root.parts(path, "mkdir_p")
    if len(parts) > MAX_FOLDERS_DEEP:
        raise jail.failed("mkdir_p", f"more than {MAX_FOLDERS_DEEP} folders deep: {path}")
    for count in range(1, len(parts) + 1):
        part = os.path.join(*parts[:count])
        found = root.status(part, "mkdir_p")
        if found is not None and stat.S_ISDIR(found.st_mode):
            continue
        with root.changing(part, "mkdir_p") as (folder, name):
            os.mkdir(name, dir_fd=folder)
    return True
