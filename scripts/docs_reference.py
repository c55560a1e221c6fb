"""A hook of MkDocs: adds the reference, which is generated from the declarations of builtins."""

from __future__ import annotations

from typing import Any

from mkdocs.structure.files import File
from soli_runtime.tools.reference import Reference, pages


def on_files(files: Any, *, config: Any) -> Any:
    """*files* with a page for each type and class. The overview is committed."""
    for name, text in pages(Reference()).items():
        if name != "README.md":
            files.append(File.generated(config, f"reference/{name}", content=text))
    return files
