"""Many messages of the past are made when they are sent, not when somebody asks for them."""

from __future__ import annotations

from unittest.mock import patch

from soli_runtime.core.actions import parse
from soli_runtime.core.effects import Replay
from soli_runtime.core.history.rings import Kept
from soli_runtime.core.history.rules import Rule
from soli_runtime.core.hub import Hub
from soli_runtime.settings import Settings


def test_a_visit_makes_no_message_before_it_is_sent() -> None:
    """Ten full rooms took three of the ten milliseconds of a callback."""
    hub = Hub.create(Settings(), lambda: "1")
    hub.follow([Rule("*", 1000, 60)])
    hub.connect("visitor")
    for number in range(100):
        hub.broadcast_room("lobby", str(number))
    with patch.object(Kept, "say", autospec=True, side_effect=Kept.say) as say:
        actions = parse({"join": "lobby", "history": 100}, str)
        effects = hub.apply("visitor", actions, 0.0)
        assert say.call_count == 0
    replays = [effect for effect in effects if isinstance(effect, Replay)]
    assert [replay.payloads for replay in replays] == [list(map(str, range(100)))]
