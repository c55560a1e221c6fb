"""HTTP requests as the Hash that an action gets (docs/spec §L24.2, §W8).

No aiohttp in here: the server hands over a `RawRequest`, so that hosts and tests can too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from soli_lang.base.records import Record, field

from .cookies import parse_cookies
from .queries import parse_query


class UploadedFile(Record):
    """One file of a multipart form."""

    field_name: str
    filename: str
    content_type: str
    data: bytes

    def to_hash(self) -> dict[str, Any]:
        from .bodies.filenames import plain_name  # here: most scripts read no form

        return {
            "name": self.field_name,
            "filename": plain_name(self.filename),
            "content_type": self.content_type,
            "size": len(self.data),
            "data": self.data,
        }


class RawRequest(Record):
    """What arrived, before anything is parsed. Header names are in lower case."""

    method: str
    path: str
    """Percent-encoded as it came, without the query."""
    query_string: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    remote_ip: str = ""
    scheme: str = "http"
    fields: list[tuple[str, str]] | None = None
    """The fields of a multipart form; None when it was none."""
    files: list[UploadedFile] = field(default_factory=list)
    parsed_cookies: dict[str, str] | None = field(default=None, compare=False)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies, read once; not to be changed."""
        if self.parsed_cookies is None:
            self.parsed_cookies = parse_cookies(self.headers.get("cookie", ""))
        return self.parsed_cookies

    @property
    def content_type(self) -> tuple[str, str]:
        """Media type in lower case, and the charset (utf-8 when not given)."""
        kind, *parameters = self.headers.get("content-type", "").split(";")
        charset = "utf-8"
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                charset = value.strip().strip('"') or charset
        return kind.strip().lower(), charset


def header_hash(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers with names in lower case; a repeated one is joined by `, ` (`; ` for cookies)."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        name = name.lower()
        if not value.isascii():
            value = whole_text(value)
        if name in headers:
            separator = "; " if name == "cookie" else ", "
            headers[name] = headers[name] + separator + value
        else:
            headers[name] = value
    return headers


def whole_text(text: str) -> str:
    """*text* with U+FFFD for bytes that were no UTF-8: Soli's Strings are whole characters."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def visitor_hash(raw: RawRequest, params: Mapping[str, str]) -> dict[str, Any]:
    """What `authenticate(request)` gets (docs/spec §W7)."""
    return {
        "method": raw.method,
        "path": unquote(raw.path) if "%" in raw.path else raw.path,
        "params": dict(params),
        "query": parse_query(raw.query_string),
        "headers": dict(raw.headers),
        "cookies": dict(raw.cookies),
        "remote_ip": raw.remote_ip,
        "remote_addr": raw.remote_ip,
    }
