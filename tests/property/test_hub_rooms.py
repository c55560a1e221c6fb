"""Rooms against a model that is a list per connection."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ..support.presence_clients import Bench

connections = st.sampled_from("abc")
rooms = st.lists(st.sampled_from("xyz"), min_size=1, max_size=3)
steps = st.lists(st.tuples(connections, st.sampled_from(("join", "leave")), rooms))


@given(steps)
def test_rooms_are_a_stack_per_connection(steps: list[tuple[str, str, list[str]]]) -> None:
    """Joining puts a room on top, leaving takes it out; members and audiences agree."""
    bench = Bench()
    bench.connect("a", "b", "c")
    model: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    for connection_id, action, names in steps:
        bench.do(connection_id, {action: names})
        for name in names:
            if name in model[connection_id]:
                model[connection_id].remove(name)
            if action == "join":
                model[connection_id].append(name)

    for connection_id, stack in model.items():
        assert list(bench.hub.rooms_of(connection_id)) == stack
        bench.do(connection_id, {"broadcast_room": connection_id})
    for name in "xyz":
        members = {each for each, stack in model.items() if name in stack}
        assert set(bench.hub.clients_in(name)) == members
    for connection_id, inbox in bench.inboxes.items():
        senders = [each for each, stack in model.items() if stack[-1:] != []]
        expected = [each for each in senders if model[each][-1] in model[connection_id]]
        assert inbox.payloads == expected
