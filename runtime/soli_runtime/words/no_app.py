"""What request and WebSocket specs find where there is no app: an error that says so."""

from __future__ import annotations

from collections.abc import Callable

from soli_lang.base.errors import SoliError
from soli_lang.native.native import Any_, function
from soli_lang.values.values import Value

HINT = "a spec file tests the app in whose folder it is, or that of --app PATH"


def _refusal(name: str) -> Callable[..., Value]:
    def refuse(*_: Value) -> Value:
        raise SoliError(f"{name}: there is no app to test", hint=HINT)

    refuse.__doc__ = "Needs an app (docs/spec §L25.3)."
    return function(name, Any_.rest())(refuse)


get = _refusal("get")
post = _refusal("post")
put = _refusal("put")
patch = _refusal("patch")
delete = _refusal("delete")
request = _refusal("request")
ws_connect = _refusal("ws_connect")
test_server_url = _refusal("test_server_url")
