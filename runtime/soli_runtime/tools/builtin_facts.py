"""What the reference says of a builtin besides its parameters: what it gives, where it works.

What it gives is the annotation of its code; where it works is the table below, which a test holds
against what happens when the builtin is called without an app and without capabilities.
"""

from __future__ import annotations

import re
from typing import Final

from soli_lang.native.native import Declaration

IN_ACTION: Final = "Works while an HTTP request is handled."
IN_EVENT: Final = "Works in a WebSocket handler."
WITH_VISITOR: Final = "Works while a request or an event is handled."
READS_VISITOR: Final = "Elsewhere than in a request or an event there is nothing to find."
IN_ROUTES: Final = "Works while the routes are declared."
IN_SPECS: Final = "Works in specs only."
IN_VIEWS: Final = "Works in an app with `app/views`."
SERVED: Final = "Outside of an app that is served nobody is there."
JOBS: Final = "Jobs run in an app that is served, and in specs."
STORED: Final = "Kept in memory, or where `--store` says."
REFUSED: Final = "Refused, unless the host grants the service `kv_destructive`."
NOT_HERE: Final = "Only here to say that it is not supported."
REMOVED: Final = "Only here to say what to use instead."


def needs(capability: str) -> str:
    """The sentence about a capability (docs/spec §L23)."""
    return f"Needs the capability `{capability}`."


_OF_MODULES: Final = {
    "soli_runtime.builtins.history": SERVED,
    "soli_runtime.builtins.realtime": SERVED,
    "soli_runtime.builtins.routes": IN_ROUTES,
    "soli_runtime.http.client.requests": needs("network"),
    "soli_runtime.http.sessions": READS_VISITOR,
    "soli_runtime.jobs.jobs": JOBS,
    "soli_runtime.words.": IN_SPECS,
    "soli_stdlib.globals.unsupported": NOT_HERE,
    "soli_stdlib.stores.": STORED,
    "soli_stdlib.system.files": needs("files"),
    "soli_stdlib.system.globs": needs("files"),
    "soli_stdlib.system.processes": needs("processes"),
}
"""Module, or the beginning of its name, to what holds for all in it."""

_OF_NAMES: Final = {
    **dict.fromkeys(
        "render render_json render_text respond_to set_cookie read_cookie sse_subscribe".split(),
        IN_ACTION,
    ),
    **dict.fromkeys(("sse", "stream"), IN_ACTION),
    **dict.fromkeys("req params cookies session".split(), READS_VISITOR),
    **dict.fromkeys("render_partial partial".split(), IN_VIEWS),
    **dict.fromkeys("ws_join ws_leave".split(), IN_EVENT),
    **dict.fromkeys("session_set csrf_token".split(), WITH_VISITOR),
    **dict.fromkeys("session_driver session_config session_configure".split(), ""),
    **dict.fromkeys("get_current_user current_connection".split(), READS_VISITOR),
    **dict.fromkeys(("HTTP.json_parse", "HTTP.json_stringify"), ""),
    **dict.fromkeys(
        "Webhook.enqueue Webhook.enqueue_in Webhook.enqueue_at".split(),
        f"{needs('network')} {JOBS}",
    ),
    **dict.fromkeys(("KV.keys", "KV.flushdb"), REFUSED),
    **dict.fromkeys(
        "rate_limit rate_limit_status rate_limit_headers rate_limit_reset rate_limit_reset_all "
        "rate_limit_cleanup throttle jwt_decode setenv unsetenv dotenv dotenv!".split(),
        REMOVED,
    ),
    **dict.fromkeys(("getenv", "hasenv"), needs("environment")),
    "print": needs("output"),
    "input": needs("input"),
    **dict.fromkeys("sleep Int.sleep Float.sleep".split(), needs("sleep")),
    **dict.fromkeys(("sse_broadcast", "sse_subscribers"), SERVED),
}
"""Names to what holds for them, in the place of what holds for their module."""


def place(declaration: Declaration) -> str:
    """Where it works, in a sentence; empty: everywhere."""
    name = declaration.names[0]
    module = declaration.code.__module__
    if module.startswith("soli_runtime.words."):
        return IN_SPECS
    owner = declaration.owner.capitalize() if declaration.kind == "method" else declaration.owner
    title = f"{owner}.{name}" if owner else name
    if title in _OF_NAMES:
        return _OF_NAMES[title]
    return next((text for start, text in _OF_MODULES.items() if module.startswith(start)), "")


# --- what it gives -------------------------------------------------------------------------------

_WORDS: Final = {
    "str": "String",
    "bool": "Bool",
    "int": "Int",
    "float": "Float",
    "bytes": "Bytes",
    "None": "null",
    "Hash": "Hash",
    "Table": "Hash",
    "Fields": "Hash",
    "Matcher": "something that equals what it describes",
}
_COLLECTION: Final = re.compile(r"(list|dict)\[(.+)\]")


def gives(declaration: Declaration) -> str:
    """What a call yields, as a type in words; empty: whatever the values are."""
    written = str(declaration.code.__annotations__.get("return", ""))
    if written in ("", "Value"):
        return ""
    return " or ".join(_word(part) for part in _parts(written))


def _parts(written: str) -> list[str]:
    """The members of a union: `list[str | None] | None` has two."""
    return [part.strip() for part in re.split(r"\|(?![^\[]*\])", written)]


def _word(part: str) -> str:
    found = _COLLECTION.fullmatch(part)
    if found is None:
        return _WORDS.get(part, part)
    if found[1] == "dict":
        return "Hash"
    inner = [_word(one) for one in _parts(found[2])]
    if inner in (["Value"], ["Any"]):
        return "Array"
    return f"Array of {' and '.join(inner)}"
