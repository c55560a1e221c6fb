"""The JSON that presence sends to clients (docs/spec §W5).

Frames are put together from text that was encoded once per meta and per user, so a snapshot of
a thousand users is one `join` of strings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

DEFAULT_STATE = "online"

EMPTY_OBJECT = "{}"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_sorted = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def to_json(value: Any) -> str:
    """JSON of plain JSON values: compact, and readable beyond ASCII as Soli's own is."""
    return _encode(value)


def meta_body(state: str, fields: Mapping[str, Any]) -> str:
    """The inside of a meta without its ref: `"state":"online","name":"Ada"`."""
    return to_json({"state": state, **fields})[1:-1]


def body_size(state: str, fields: Mapping[str, Any]) -> int:
    """What the bound of metadata counts: the bytes of the metadata's JSON, `state` included."""
    return len(meta_body(state, fields).encode("utf-8", "surrogatepass")) + 2


def meta(ref: str, body: str) -> str:
    """One meta. Key order as on the page: `phx_ref`, `state`, then the application's keys."""
    return f'{{"phx_ref":"{ref}",{body}}}'


def user(key: str, metas: Iterable[str]) -> str:
    """One member of a payload: `"user_1":{"metas":[...]}`."""
    return f'{to_json(key)}:{{"metas":[{",".join(metas)}]}}'


def payload(users: Iterable[str]) -> str:
    """An object of users, each made by `user`."""
    return "{" + ",".join(users) + "}"


def snapshot(users: str, channel: str | None) -> str:
    """A `presence_state` message; *channel* only for a subscriber of several (§W5.11)."""
    if channel is None:
        return f'{{"event":"presence_state","payload":{users}}}'
    return f'{{"event":"presence_state","channel":{to_json(channel)},"payload":{users}}}'


def diff(joins: str, leaves: str, channel: str | None) -> str:
    """A `presence_diff` message. Both keys of the payload are always there."""
    body = f'{{"joins":{joins},"leaves":{leaves}}}'
    if channel is None:
        return f'{{"event":"presence_diff","payload":{body}}}'
    return f'{{"event":"presence_diff","channel":{to_json(channel)},"payload":{body}}}'


def canonical(fields: Mapping[str, Any]) -> str:
    """Text that is equal for equal metadata, whatever the order of keys."""
    return _encode_sorted(fields)


def from_json(text: str) -> Any:
    """Plain JSON values, fresh and mutable."""
    return json.loads(text)
