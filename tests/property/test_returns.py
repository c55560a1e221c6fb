"""Whatever a handler returns, and whatever path is asked for: nothing breaks, nothing leaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from soli_runtime.core.wire import to_json
from soli_runtime.http.files.static_files import StaticFolder
from soli_runtime.http.responses import response_of

from soli_lang.values.values import symbol

from ..unit.runtime.serving.test_conversations import World

KEYS = st.sampled_from(
    ["send", "broadcast", "broadcast_room", "join", "leave", "track", "untrack", "set_presence",
     "close", "broadcast_channel", "channel", "user_id", "state", "code", "reason", "message",
     "status", "headers", "body", "body_base64", "bogus", ""]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8)
    | st.builds(symbol, st.text(max_size=4))
    | KEYS
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.integers(0, 3), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_any_return_leaves_the_connection_alive(returns: list[Any]) -> None:
    """It is applied, or logged; then the next event is handled."""
    answers = iter(returns)
    world = World(lambda event: next(answers) if event["type"] == "message" else {})
    conversation, connection = world.open()
    for _ in returns:
        conversation.on_message(connection, "x")  # type: ignore[arg-type]
    assert world.hub.count() == 1
    conversation.on_closed(connection, 1000, "")  # type: ignore[arg-type]
    assert world.hub.count() == 0
    assert world.live.conversations == {}


@given(VALUES)
def test_any_return_of_an_action_is_a_response_or_a_soli_error(value: Any) -> None:
    """With headers that cannot be split."""
    from soli_lang.base.errors import SoliError

    try:
        response = response_of(value, lambda item: to_json(str(item)))
    except SoliError:
        return
    assert 200 <= response.status <= 599
    for name, text in response.headers:
        assert "\n" not in name + text
        assert "\r" not in name + text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["..", ".", "a", "secret", "link", "index.html", "", "\\", "%2e%2e", "\0"]),
        max_size=6,
    )
)
def test_no_path_leads_out_of_the_folder(tmp_path: Path, parts: list[str]) -> None:
    """Whatever it is made of."""
    public = tmp_path / "public"
    if not public.exists():
        (public / "a").mkdir(parents=True)
        (tmp_path / "secret").write_text("secret")
        (public / "a" / "index.html").write_text("index")
        (public / "a" / "link").symlink_to(tmp_path / "secret")
    found = StaticFolder(public).find("/" + "/".join(parts))
    assert found is None or found.path == public / "a" / "index.html"
