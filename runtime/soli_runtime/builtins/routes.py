"""What `config/routes.soli` is written in (docs/spec §L24.1): `get`, `router_websocket`, …

The functions only collect `Declared` routes; the app checks their targets and builds the table
when all files are loaded, and finds the place of a declaration in the source then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.base.near_names import did_you_mean
from soli_lang.base.records import Record, changed, field
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Callable_, Hash, NativeFunction, String, function
from soli_lang.values.display import to_text
from soli_lang.values.kinds import from_key, type_name
from soli_lang.values.objects import Instance
from soli_lang.values.values import Symbol, Value

from ..http.current import REQUEST
from ..routing.declared import CorsRule, Declared
from ..routing.routes import WEBSOCKET, RouteError, parse_pattern

_ACTION = re.compile(r"[A-Za-z_][\w/]*#[A-Za-z_]\w*[?!]?\Z")

_PROTOCOL = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""The name of a subprotocol (RFC 6455 section 4.1: a token)."""

CORS_DEFAULTS: dict[str, Any] = {
    "origins": ["*"],
    "methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
    "headers": [],
    "expose": [],
    "credentials": False,
    "max_age": 86400,
}


class _Place(Record):
    """Where in the blocks of the DSL a declaration stands."""

    prefix: str = ""
    middleware: tuple[str, ...] = ()
    is_open: bool = False
    """Whether the innermost `middleware` names none."""
    resource: str | None = None
    """Name of the innermost `resources`, for `member` and `collection`."""
    resource_prefix: str = ""


class RouteDeclarations(Record):
    """What the program declared so far."""

    routes: list[Declared] = field(default_factory=list)
    cors: list[CorsRule] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    """Name of a route -> its pattern, for `NAME_path`."""
    middleware: list[str] = field(default_factory=list)
    """What the blocks name, with or without routes in them."""
    open_to_others: list[str] = field(default_factory=list)
    """Patterns of `skip_csrf`."""
    file: str | None = None
    """Name of the controller's file that runs, or of the single file; None: another one."""
    closed: bool = False
    """True once the app serves: it is too late for further routes."""
    place: _Place = field(default_factory=_Place)

    def begin_at(self, prefix: str) -> None:
        """All routes begin with *prefix*."""
        self.place.prefix = prefix

    def begin_file(self, name: str | None) -> None:
        """What is declared from now on stands in the controller's file *name*; None: elsewhere."""
        self.file = name

    def close(self) -> None:
        """The app serves from now on."""
        self.closed = True

    def add(
        self,
        method: str,
        path: str,
        target: str,
        *,
        is_optional: bool = False,
        protocols: tuple[str, ...] = (),
    ) -> str:
        """Note one route and return its whole pattern. Raises RouteError."""
        if self.closed:
            raise RouteError("routes can only be declared while the app loads")
        pattern = joined(self.place.prefix, path)
        parse_pattern(pattern)
        if not _ACTION.match(target):
            raise RouteError(
                f"the target of a route is written 'controller#action', got '{target}'",
            )
        place = self.place
        self.routes.append(
            Declared(
                *(method, pattern, target, path, place.middleware),
                is_optional=is_optional,
                protocols=protocols,
                is_open=place.is_open,
            )
        )
        return pattern

    @contextmanager
    def inside(self, place: _Place) -> Iterator[None]:
        """Declarations in a block stand at *place*."""
        outer, self.place = self.place, place
        try:
            yield
        finally:
            self.place = outer


def joined(prefix: str, path: str) -> str:
    """*path* below *prefix*, with exactly one slash between them and none at the end."""
    whole = f"{prefix.rstrip('/')}/{path.strip('/')}" if path.strip("/") else prefix
    return whole if whole.startswith("/") else "/" + whole


ROUTES: MachineKey[RouteDeclarations] = MachineKey("soli_runtime.routes")
"""Where `Machine.library` holds what the app declares."""


def _of(machine: Machine) -> RouteDeclarations:
    found = machine.library.get(ROUTES)
    if found is None:
        raise RouteError("routes can only be declared in an app")
    return found


# --- routes ------------------------------------------------------------------------------------


def _declare(machine: Machine, method: str, path: str, target: str, name: Value) -> None:
    declarations = _of(machine)
    pattern = declarations.add(method, path, target)
    if name is None:
        return
    if isinstance(name, dict):
        name = name.get("name")
    if isinstance(name, Symbol):
        name = name.name
    if not isinstance(name, str):
        raise SoliPlainTypeError(f"the name of a route is a string, got {type_name(name)}")
    _name_route(machine, declarations, name, pattern)


@function("get", String, String, Any_.optional())
def get(machine: Machine, path: str, target: str, name: Value) -> None:
    """Serve GET (and HEAD) of *path* with an action."""
    _declare(machine, "GET", path, target, name)


@function("post", String, String, Any_.optional())
def post(machine: Machine, path: str, target: str, name: Value) -> None:
    """Serve POST of *path* with an action."""
    _declare(machine, "POST", path, target, name)


@function("put", String, String, Any_.optional())
def put(machine: Machine, path: str, target: str, name: Value) -> None:
    """Serve PUT of *path* with an action."""
    _declare(machine, "PUT", path, target, name)


@function("patch", String, String, Any_.optional())
def patch(machine: Machine, path: str, target: str, name: Value) -> None:
    """Serve PATCH of *path* with an action."""
    _declare(machine, "PATCH", path, target, name)


@function("delete", String, String, Any_.optional())
def delete(machine: Machine, path: str, target: str, name: Value) -> None:
    """Serve DELETE of *path* with an action."""
    _declare(machine, "DELETE", path, target, name)


@function(("router_websocket", "websocket"), String, String, Hash.optional())
def router_websocket(
    machine: Machine, path: str, target: str, options: dict[Any, Value] | None
) -> None:
    """Serve WebSocket connections to *path* with a handler.

    `{"protocols": ["chat.v1"]}` lists the subprotocols that it speaks.
    """
    given = _options("router_websocket", options, ("protocols",))
    protocols = _protocols(given.get("protocols", []))
    _of(machine).add(WEBSOCKET, path, target, protocols=protocols)


def _protocols(listed: Value) -> tuple[str, ...]:
    names = listed if isinstance(listed, list) else [listed]
    for name in names:
        if not isinstance(name, str):
            raise SoliPlainTypeError(
                f"router_websocket() expects protocols as strings, got {type_name(name)}"
            )
        if not _PROTOCOL.fullmatch(name):
            raise SoliValueError(
                "router_websocket() expects protocols of letters, digits and "
                f"-._~!#$%&'*+^`|, got '{name}'"
            )
    return tuple(names)


def _options(
    user: str, options: dict[Any, Value] | None, known: Collection[str]
) -> dict[str, Value]:
    """The options of a declaration by name. An unknown one is an error."""
    given = {to_text(from_key(key)): value for key, value in (options or {}).items()}
    for key in given:
        if key not in known:
            hint = did_you_mean(key, known) or f"its options are {', '.join(known)}"
            raise SoliValueError(f"{user}() has no option '{key}'", hint=hint)
    return given


# --- blocks ------------------------------------------------------------------------------------


@function("namespace", String(), Callable_)
def namespace(machine: Machine, name: str, block: Value) -> None:
    """Put a prefix before the paths declared in the block."""
    declarations = _of(machine)
    here = declarations.place
    place = changed(here, prefix=joined(here.prefix, name))
    with declarations.inside(place):
        machine.call(block)


@function("middleware", Any_, Callable_)
def middleware(machine: Machine, names: Value, block: Value) -> None:
    """Run the named middleware before the routes declared in the block.

    They are functions of `app/middleware` or of the routes file; `"authenticate"` guards HTTP
    routes, too. An unknown name is an error. `[]` says that routes are open on purpose.
    """
    declarations = _of(machine)
    here = declarations.place
    listed = names if isinstance(names, list) else [names]
    chosen = tuple(_middleware_name(name) for name in listed)
    declarations.middleware.extend(chosen)
    place = changed(here, middleware=here.middleware + chosen, is_open=not chosen)
    with declarations.inside(place):
        machine.call(block)


def _middleware_name(name: Value) -> str:
    if isinstance(name, Symbol):
        return name.name
    if isinstance(name, str):
        return name
    raise SoliPlainTypeError(f"middleware() expects string or array, got {type_name(name)}")


_MEMBER_ROUTES = (
    ("GET", "", "index", ""),
    ("POST", "", "create", None),
    ("GET", "/new", "new", "new_"),
    ("GET", "/:id", "show", "one"),
    ("PUT", "/:id", "update", None),
    ("PATCH", "/:id", "update", None),
    ("DELETE", "/:id", "destroy", None),
    ("GET", "/:id/edit", "edit", "edit_"),
    ("POST", "/:id/update", "update", None),
    ("POST", "/:id/delete", "destroy", None),
)
"""Method, rest of the path, action, and how the route is named (docs/spec §L24.1)."""


@function("resources", String, Any_.optional())
def resources(machine: Machine, name: str, block: Value) -> None:
    """Declare the usual routes of a resource; the block declares more inside it."""
    declarations = _of(machine)
    here = declarations.place
    base = joined(here.prefix, name)
    one = singular(name)
    for method, rest, action, naming in _MEMBER_ROUTES:
        pattern = declarations.add(
            method, name + rest, f"{name}#{action}", is_optional=rest != "" or action != "index"
        )
        if naming is not None:
            route_name = {"": name, "one": one}.get(naming, f"{naming}{one}")
            _name_route(machine, declarations, route_name, pattern)
    if block is None:
        return
    place = changed(here, prefix=f"{base}/:{one}_id", resource=name, resource_prefix=base)
    with declarations.inside(place):
        machine.call(block)


def singular(name: str) -> str:
    """The name of one of *name*: `posts` → `post`, `categories` → `category`."""
    if name.endswith("ies") and len(name) > 3:
        return name[:-3] + "y"
    if name.endswith(("sses", "shes", "ches", "xes")):
        return name[:-2]
    if name.endswith("s") and not name.endswith("ss"):
        return name[:-1]
    return name


def _inside_resource(machine: Machine, user: str, rest: str, block: Value) -> None:
    declarations = _of(machine)
    here = declarations.place
    if here.resource is None:
        raise RouteError(f"{user} belongs inside a resources block")
    place = changed(here, prefix=here.resource_prefix + rest)
    with declarations.inside(place):
        machine.call(block)


@function("member", Callable_)
def member(machine: Machine, block: Value) -> None:
    """Routes of one element of the resource: `/posts/:id/…`."""
    _inside_resource(machine, "member", "/:id", block)


@function("collection", Callable_)
def collection(machine: Machine, block: Value) -> None:
    """Routes of the resource as a whole: `/posts/…`."""
    _inside_resource(machine, "collection", "", block)


@function("cors", String, Hash.optional())
def cors(machine: Machine, pattern: str, options: dict[Any, Value] | None) -> None:
    """Let browsers of other origins use the paths that match *pattern*."""
    given = _options("cors", options, CORS_DEFAULTS)
    _of(machine).cors.append(CorsRule(pattern, {**CORS_DEFAULTS, **given}))


@function("skip_csrf", String)
def skip_csrf(machine: Machine, pattern: str) -> None:
    """Let other sites send requests with cookies to the paths that match *pattern*."""
    declarations = _of(machine)
    declarations.open_to_others.append(joined(declarations.place.prefix, pattern))


# --- named routes ------------------------------------------------------------------------------


def _name_route(machine: Machine, declarations: RouteDeclarations, name: str, pattern: str) -> None:
    declarations.named[name] = pattern
    for suffix, prefix in (("path", _no_origin), ("url", _origin)):
        helper = f"{name}_{suffix}"
        invoke = _path_helper(machine, helper, pattern, prefix)
        # Never over a builtin of the same name: `file_path` must not hide one.
        taken = machine.globals.get(helper)
        if taken is None or getattr(taken, "declaration", None) is None:
            native = NativeFunction(helper, 0, 100, invoke)
            native.auto = ":" not in pattern and "*" not in pattern  # `posts_path` needs no `()`
            machine.globals[helper] = native


def _no_origin(machine: Machine) -> str:
    return ""


def _origin(machine: Machine) -> str:
    request = machine.local.get(REQUEST)
    return request.origin if request is not None else ""


def _path_helper(
    machine: Machine, helper: str, pattern: str, origin: Callable[[Machine], str]
) -> Callable[..., Value]:
    parts = pattern.split("/")
    wanted = sum(part[:1] in (":", "*") for part in parts)

    def invoke(*arguments: Value) -> Value:
        from urllib.parse import quote, urlencode

        values = list(arguments)
        query = values.pop() if len(values) > wanted and isinstance(values[-1], dict) else {}
        if len(values) != wanted:
            raise SoliValueError(f"{helper} expects {wanted} values, got {len(values)}")
        filled = [
            quote(_id_text(values.pop(0)), safe="/" if part[0] == "*" else "")
            if part[:1] in (":", "*")
            else part
            for part in parts
        ]
        text = origin(machine) + ("/".join(filled) or "/")
        if query:
            text += "?" + urlencode([(to_text(from_key(k)), to_text(v)) for k, v in query.items()])
        return text

    return invoke


def _id_text(value: Value) -> str:
    """What stands for *value* in a path: the `id` of a record, else its text."""
    if isinstance(value, dict):
        value = value.get("id", value)
    elif isinstance(value, Instance):
        value = value.fields.get("id", value)
    return to_text(value)
