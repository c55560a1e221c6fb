"""Which files the hot path is, and one hash of all of them, by which figures are told apart.

    python -m benchmarks.hot_path_files [COMMIT]

Figures are those of a commit; what they say of another one depends on whether it computes the same
way. The hash is made of the names that git gives to the contents, so that a commit and a working
tree with the same files have the same.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from .processes import ROOT

HOT_PATH = (
    "runtime/soli_runtime/ws",
    "runtime/soli_runtime/core",
    "runtime/soli_runtime/calling",
    "runtime/soli_runtime/routing",
    "runtime/soli_runtime/http",
    "runtime/soli_runtime/serving",
    "soli_lang/evaluator",
    "soli_lang/machine",
    "stdlib/soli_stdlib/json",
)
"""What a message or a request goes through."""

LENGTH = 12


def of_working_tree() -> str:
    """The hash of the files as they are now."""
    paths = [path for folder in HOT_PATH for path in sorted((ROOT / folder).rglob("*.py"))]
    return _hash({str(path.relative_to(ROOT)): _blob(path) for path in paths})


def of_commit(commit: str) -> str:
    """The hash of the files at a commit. Raises CalledProcessError for one that is not known."""
    listed = subprocess.run(
        ["git", "ls-tree", "-r", commit, *HOT_PATH],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {}
    for line in listed.splitlines():
        about, _, path = line.partition("\t")
        if path.endswith(".py"):
            found[path] = about.split()[2]
    return _hash(found)


def _blob(path: Path) -> str:
    """What git calls the content of a file."""
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _hash(blobs: dict[str, str]) -> str:
    text = "".join(f"{path} {blobs[path]}\n" for path in sorted(blobs))
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def main() -> None:
    print(of_commit(sys.argv[1]) if len(sys.argv) > 1 else of_working_tree())


if __name__ == "__main__":
    main()
