"""What actions use to answer (docs/spec §L24.3) and to read the request that is handled."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from soli_stdlib.json.text import json_codec

from soli_lang.base.errors import SoliError, SoliPlainTypeError
from soli_lang.machine.machine import Machine
from soli_lang.meaning.members import call_member
from soli_lang.native.native import Any_, Hash, Int, String, function
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import Instance, is_callable
from soli_lang.values.values import Symbol, Value

from ..http import signed_cookies
from ..http.context import AuthenticationContext, RequestContext
from ..http.cookies import cookie_options, set_cookie_header
from ..http.current import REQUEST
from ..http.hardening import Hardening
from ..http.responses import (
    HTML,
    TEXT,
    Response,
    checked_status,
    html_response,
    json_response,
    text_response,
)
from ..http.views import templates
from ..http.views.templates import Templates
from ..routing.event_use import BODY_PARTS

FORMAT_TYPES = {"html": "text/html", "json": "application/json", "text": "text/plain"}


class Forbidden(SoliError):
    """Raised by `forbidden()`; becomes a 403 when nobody catches it."""

    kind = "ForbiddenError"


def _context(machine: Machine, user: str) -> RequestContext | AuthenticationContext:
    context = machine.local.get(REQUEST)
    if context is None:
        raise SoliError(f"{user}() works only while an HTTP request is handled")
    return context


# --- the request -------------------------------------------------------------------------------


@function("req")
def req(machine: Machine) -> Value:
    """The request that is handled, null elsewhere."""
    context = machine.local.get(REQUEST)
    return context.request_with(BODY_PARTS, machine) if context is not None else None


@function("params")
def params(machine: Machine) -> Value:
    """All parameters of the request: route, query and body."""
    context = machine.local.get(REQUEST)
    return context.request_with(("all",), machine)["all"] if context is not None else None


@function("cookies")
def cookies(machine: Machine) -> Value:
    """The cookies of the request."""
    context = machine.local.get(REQUEST)
    return context.request["cookies"] if context is not None else {}


@function("session")
def session(machine: Machine) -> Value:
    """What the visitor's session holds."""
    context = machine.local.get(REQUEST)
    if context is None or context.session is None:
        return {}
    return context.session.all()


# --- answers -----------------------------------------------------------------------------------


@function("render_json", Any_, Int("int status").optional(200))
def render_json(machine: Machine, value: Value, status: int) -> None:
    """Answer with JSON; a String is sent as it is."""
    context = _context(machine, "render_json")
    if isinstance(value, Instance):
        convert = value.soli_class.find_method("as_json")
        if convert is not None:
            value = call_member(machine, value, "as_json", [], None, None)
    text = value if isinstance(value, str) else json_codec(machine).encode(value)
    context.rendered = json_response(checked_status(status), text)


@function("render_text", Any_, Int("int status").optional(200))
def render_text(machine: Machine, value: Value, status: int) -> None:
    """Answer with plain text."""
    context = _context(machine, "render_text")
    context.rendered = text_response(checked_status(status), to_text(value))


@function("html", Any_, Int("int status").optional(200))
def html(text: Value, status: int) -> Value:
    """A response that is HTML, to be returned: `html("<h1>Hi</h1>")`. Nothing in it is escaped."""
    return {
        "status": checked_status(status),
        "headers": {"Content-Type": HTML},
        "body": "" if text is None else to_text(text),
    }


@function("render", String("string template"), Any_.optional(), Any_.optional())
def render(machine: Machine, template: str, data: Value, options: Value) -> None:
    """Answer with a template from `app/views`, inside its layout."""
    context = _context(machine, "render")
    if data is not None and not isinstance(data, dict):
        raise SoliPlainTypeError(f"render() data must be a hash, got {type_name(data)}")
    chosen = options if isinstance(options, dict) else {}
    layout = chosen.get("layout", context.layout)
    page = _templates(machine, "render").render(machine, template, data or {}, layout)
    context.rendered = html_response(checked_status(chosen.get("status", 200)), page)


@function("render_partial", String("string template"), Hash.optional())
def render_partial(machine: Machine, template: str, data: dict[Any, Value] | None) -> str:
    """The text of a partial (`_name.slv`)."""
    return _templates(machine, "render_partial").partial(machine, template, data or {})


def _templates(machine: Machine, user: str) -> Templates:
    found = machine.library.get(templates.TEMPLATES)
    if found is None:
        raise SoliError(f"{user}() needs a project folder with app/views")
    return found


@function("halt", Any_, Any_.optional(""))
def halt(status: Value, message: Value) -> Value:
    """A plain text response, to be returned: `return halt(404, "no such post")`."""
    if type(status) is not int:
        raise SoliPlainTypeError(
            f"halt() expects Int status as first argument, got {type_name(status)}"
        )
    body = "" if message is None else to_text(message)
    return {
        "status": checked_status(status),
        "headers": {"Content-Type": TEXT},
        "body": body,
    }


@function("anonymous")
def anonymous() -> Value:
    """What `authenticate` returns to let a stranger in: then `get_current_user()` is null."""
    from ..http.guards.identity import ANONYMOUS  # here: a script lets nobody in

    return ANONYMOUS


@function("forbidden", Any_.optional("Forbidden"))
def forbidden(message: Value) -> None:
    """Stop here; the client gets a 403 unless somebody catches it."""
    raise Forbidden(to_text(message))


@function("redirect", Any_)
def redirect(machine: Machine, target: Value) -> Value:
    """Send the client to another path of this app, or `:back`."""
    if isinstance(target, Symbol) and target.name == "back":
        target = _back(machine)
    if not isinstance(target, str) or not _is_local(target):
        raise SoliError(
            "redirect() only accepts local absolute paths like '/dashboard'; "
            "use redirect_external() for trusted external URLs"
        )
    return _redirect(target)


def _is_local(target: str) -> bool:
    # Browsers read `//host` and `/\host` as another host, and drop tabs and newlines.
    return (
        target.startswith("/")
        and target[1:2] not in ("/", "\\")
        and not any(ord(character) < 33 or character == "\x7f" for character in target)
    )


def _back(machine: Machine) -> str:
    context = machine.local.get(REQUEST)
    if context is None:
        return "/"
    referer = urlsplit(context.request["headers"].get("referer", ""))
    if referer.netloc != context.request["headers"].get("host"):
        return "/"
    path = referer.path or "/"
    path = f"{path}?{referer.query}" if referer.query else path
    return path if _is_local(path) else "/"


@function("redirect_external", String("string url"))
def redirect_external(url: str) -> Value:
    """Send the client to another site that the program trusts."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise SoliError("redirect_external() only accepts http and https URLs")
    return _redirect(url)


def _redirect(target: str) -> dict[str, Value]:
    return {"status": 302, "headers": {"Location": target, "Content-Type": TEXT}, "body": ""}


@function("respond_to", Any_, Any_)
def respond_to(machine: Machine, request: Value, choices: Value) -> Value:
    """Answer in the format that the client asks for; 406 when there is none."""
    context = _context(machine, "respond_to")
    if is_callable(choices):
        collected: dict[Any, Value] = {}
        machine.call(choices, collected)
        choices = collected
    if not isinstance(choices, dict):
        raise SoliPlainTypeError(f"respond_to() expects function or hash, got {type_name(choices)}")
    known = {
        (key.name if isinstance(key, Symbol) else to_text(key)): choices[key] for key in choices
    }
    for wanted in wanted_formats(context.request):
        chosen = next(iter(known)) if wanted == "*" and known else wanted
        if chosen in known:
            return machine.callback(known[chosen], 0)()
    return {"status": 406, "headers": {"Content-Type": TEXT}, "body": "Not Acceptable"}


def wanted_formats(request: dict[str, Any]) -> list[str]:
    """What the client would take, best first: hint headers, extension, `?format=`, `Accept`."""
    headers = request["headers"]
    wanted: list[str] = []
    if headers.get("hx-request") == "true":
        wanted += ["htmx", "html"]
    last = request["path"].rsplit("/", 1)[-1]
    if "." in last:
        wanted.append(last.rsplit(".", 1)[1])
    chosen = request["query"].get("format")
    if isinstance(chosen, str):
        wanted.append(chosen)
    if headers.get("x-requested-with", "").lower() == "xmlhttprequest":
        wanted.append("json")
    return wanted + _accepted(headers.get("accept", "*/*"))


def _accepted(header: str) -> list[str]:
    ranked: list[tuple[float, str]] = []
    for part in header.split(","):
        media, _, rest = part.strip().partition(";")
        _, _, quality = rest.partition("q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        ranked.append((-weight, media.strip().lower()))
    names = {media: name for name, media in FORMAT_TYPES.items()}
    names["*/*"] = "*"
    ordered = sorted(ranked, key=lambda pair: pair[0])
    return [names[media] for weight, media in ordered if weight < 0 and media in names]


# --- cookies -----------------------------------------------------------------------------------


@function("set_cookie", String("string name"), Any_, Hash.optional())
def set_cookie(machine: Machine, name: str, value: Value, options: dict[Any, Value] | None) -> None:
    """Give the client a cookie: `HttpOnly`, `SameSite=Lax`, `Secure` over TLS, unless told else."""
    context = _context(machine, "set_cookie")
    chosen = options or {}
    attributes = cookie_options(chosen, secure=context.raw.scheme == "https")
    sealed = signed_cookies.seal(machine, name, value, chosen)
    if sealed is None and not isinstance(value, str):
        raise SoliPlainTypeError(f"set_cookie() expects string value, got {type_name(value)}")
    header = set_cookie_header(name, value if sealed is None else sealed, attributes)
    context.set_cookies.append(header)


@function("read_cookie", String("string name"), Hash.optional())
def read_cookie(machine: Machine, name: str, options: dict[Any, Value] | None) -> Value:
    """A cookie of the request; null when missing, tampered with or expired."""
    context = _context(machine, "read_cookie")
    value = context.request["cookies"].get(name)
    if value is None or not options:
        return value
    return signed_cookies.unseal(machine, name, value, options)


def final_response(context: RequestContext, response: Response, hardening: Hardening) -> Response:
    """*response* with the cookies that the action set, and what the app sends with all answers."""
    for name, value in hardening.headers.items():
        if response.header(name) is None:
            response.headers.append((name, value))
    for header in context.set_cookies:
        if hardening.secure_cookies and "; Secure" not in header:
            header += "; Secure"
        response.headers.append(("Set-Cookie", header))
    if context.used_session is not None:
        secure = context.raw.scheme == "https" or hardening.secure_cookies
        cookie = context.used_session.cookie_header(secure=secure)
        if cookie is not None:
            response.headers.append(("Set-Cookie", cookie))
    return response
