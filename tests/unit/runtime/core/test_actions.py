"""What a handler may return, and what it is told when it returns something else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from soli_runtime.core import actions
from soli_runtime.core.actions import ActionError, Track

from soli_lang.values.values import symbol

from ....support.presence_clients import encode_json


def parse(result: Any, limit: int = 4096) -> list[actions.Action]:
    return list(actions.parse(result, encode_json, limit))


def test_an_empty_hash_is_no_action() -> None:
    """`{}` does nothing."""
    assert parse({}) == []


def test_actions_come_in_the_fixed_order_whatever_the_order_of_keys() -> None:
    """The order of docs/spec §W4 holds: join first, close last."""
    result = {
        "close": "bye",
        "leave": "r",
        "broadcast": "b",
        "broadcast_channel": {"channel": "r", "message": "m"},
        "broadcast_room": "br",
        "send": "s",
        "set_presence": {"channel": "r", "state": "typing"},
        "track": {"channel": "r", "user_id": 1},
        "untrack": "r",
        "join": "r",
    }

    assert [type(action) for action in parse(result)] == [
        actions.Join,
        actions.Untrack,
        actions.Track,
        actions.SetPresence,
        actions.Reply,
        actions.BroadcastRoom,
        actions.BroadcastChannel,
        actions.Broadcast,
        actions.Leave,
        actions.CloseConnection,
    ]


@pytest.mark.parametrize("key", ["send", "broadcast", "broadcast_room"])
@pytest.mark.parametrize(
    ("value", "payload"),
    [
        ("héllo", "héllo"),
        ("", ""),
        (b"\x00\xff", b"\x00\xff"),
        ({"a": [1, True, None]}, '{"a":[1,true,null]}'),
        (None, "null"),
        (1.0, "1.0"),
    ],
)
def test_a_string_or_bytes_go_out_as_they_are_and_anything_else_as_json(
    key: str, value: Any, payload: Any
) -> None:
    """The payload rule of §W4 holds for all three actions, alone or with others."""
    (alone,) = parse({key: value})
    among_others = parse({key: value, "leave": "r"})[0]

    assert alone.payload == payload  # type: ignore[union-attr]
    assert among_others == alone


def test_a_payload_is_encoded_once() -> None:
    """One action, one call of the encoder."""
    calls = []

    def encode(value: Any) -> str:
        calls.append(value)
        return "{}"

    actions.parse({"broadcast": {"a": 1}}, encode)

    assert calls == [{"a": 1}]


@pytest.mark.parametrize("key", ["join", "leave", "untrack"])
def test_rooms_are_a_string_or_an_array_of_strings(key: str) -> None:
    """One room or several."""
    (one,) = parse({key: "r"})
    (several,) = parse({key: ["a", "b"]})

    assert one.rooms == ("r",)  # type: ignore[union-attr]
    assert several.rooms == ("a", "b")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("result", "key", "message"),
    [
        (None, None, "a handler returns a Hash, got Null"),
        ([], None, "a handler returns a Hash, got Array"),
        ("hi", None, "a handler returns a Hash, got String"),
        ({"join": 5}, "join", "join: expected a String or an Array of Strings, got Int"),
        ({"join": None}, "join", "join: expected a String or an Array of Strings, got Null"),
        ({"leave": ["a", 2.0]}, "leave", "leave[1]: expected a String, got Float"),
        ({"untrack": {}}, "untrack", "untrack: expected a String or an Array of Strings, got Hash"),
        ({"join": ""}, "join", "join: a room needs a name"),
        ({"join": "a\nb"}, "join", "join: a room name has no control characters"),
        (
            {"join": "x" * 256},
            "join",
            "join: a room name has at most 255 characters, got 256",
        ),
        (
            {"track": "r"},
            "track",
            "track: expected a Hash with 'channel' and 'user_id', got String",
        ),
        (
            {"track": {"user_id": "u"}},
            "track",
            "track: 'channel' is missing, expected a String",
        ),
        (
            {"track": {"channel": "r"}},
            "track",
            "track: 'user_id' is missing, expected a non-empty String or an Int",
        ),
        (
            {"track": {"channel": 1, "user_id": "u"}},
            "track",
            "track.channel: expected a String, got Int",
        ),
        (
            {"track": {"channel": "r", "user_id": None}},
            "track",
            "track.user_id: expected a non-empty String or an Int, got Null",
        ),
        (
            {"track": {"channel": "r", "user_id": True}},
            "track",
            "track.user_id: expected a non-empty String or an Int, got Bool",
        ),
        (
            {"track": {"channel": "r", "user_id": {}}},
            "track",
            "track.user_id: expected a non-empty String or an Int, got Hash",
        ),
        (
            {"track": {"channel": "r", "user_id": ["u"]}},
            "track",
            "track.user_id: expected a non-empty String or an Int, got Array",
        ),
        (
            {"track": {"channel": "r", "user_id": ""}},
            "track",
            "track.user_id: expected a non-empty String or an Int, got an empty String",
        ),
        (
            {"track": {"channel": "r", "user_id": "__proto__"}},
            "track",
            "track.user_id: '__proto__' cannot be the id of a user",
        ),
        (
            {"track": {"channel": "r", "user_id": "constructor"}},
            "track",
            "track.user_id: 'constructor' cannot be the id of a user",
        ),
        *(
            (
                {"track": {"channel": "r", "user_id": user_id}},
                "track",
                "track.user_id: an id has no control or invisible characters",
            )
            for user_id in ("a\0", "a\x1b[2J", "\u202eada", "ada\u200b", "ada\ufeff")
        ),
        *(
            (
                {"track": {"channel": "r", "user_id": "u", **fields}},
                "track",
                f"track: '{name}' cannot be a key of metadata",
            )
            for name in ("__proto__", "constructor", "prototype")
            for fields in ({name: {"admin": True}}, {"a": [{"b": {name: 1}}]})
        ),
        (
            {"set_presence": {"channel": "r", "profile": {"__proto__": {"admin": True}}}},
            "set_presence",
            "set_presence: '__proto__' cannot be a key of metadata",
        ),
        (
            {"track": {"channel": "r", "user_id": "u" * 256}},
            "track",
            "track.user_id: at most 255 characters, got 256",
        ),
        (
            {"track": {"channel": "r", "user_id": "u", "state": 1}},
            "track",
            "track.state: expected a String, got Int",
        ),
        (
            {"set_presence": "typing"},
            "set_presence",
            "set_presence: expected a Hash with 'channel' and 'state', got String",
        ),
        (
            {"set_presence": {"state": "typing"}},
            "set_presence",
            "set_presence: 'channel' is missing, expected a String",
        ),
        (
            {"broadcast_channel": {"channel": "r"}},
            "broadcast_channel",
            "broadcast_channel: 'message' is missing, expected any value",
        ),
        (
            {"broadcast_channel": "r"},
            "broadcast_channel",
            "broadcast_channel: expected a Hash with 'channel' and 'message', got String",
        ),
        (
            {"close": 4001},
            "close",
            "close: expected a String or a Hash with 'code' and 'reason', got Int",
        ),
        ({"close": {"code": "x"}}, "close", "close.code: expected an Int, got String"),
        (
            {"close": {"code": 1006}},
            "close",
            "close.code: 1006 is not a close code that may be sent",
        ),
        (
            {"close": {"code": 5000}},
            "close",
            "close.code: 5000 is not a close code that may be sent",
        ),
        ({"close": {"reason": 1}}, "close", "close.reason: expected a String, got Int"),
    ],
)
def test_an_error_names_the_key_what_was_expected_and_what_was_found(
    result: Any, key: str | None, message: str
) -> None:
    """Every wrong value has one clear message."""
    with pytest.raises(ActionError) as caught:
        parse(result)

    assert (caught.value.key, caught.value.message) == (key, message)


def test_one_wrong_value_spoils_the_whole_return() -> None:
    """An error anywhere means that no action comes out."""
    with pytest.raises(ActionError, match="close"):
        parse({"send": "x", "close": 5})


def test_a_payload_without_a_json_form_is_an_error_of_its_key() -> None:
    """What the encoder refuses is told as an error of the action."""
    with pytest.raises(ActionError, match="broadcast: cannot be sent as JSON") as caught:
        parse({"broadcast": object()})

    assert caught.value.key == "broadcast"


def test_an_unknown_key_is_a_warning_with_a_suggestion_and_the_others_stand() -> None:
    """A misspelt action does not spoil the rest."""
    reply, unknown = parse({"brodcast": "x", "send": "y"})

    assert reply == actions.Reply("y")
    assert unknown.text == "unknown action 'brodcast'; did you mean 'broadcast'?"  # type: ignore[union-attr]


def test_an_unknown_key_that_resembles_nothing_has_no_suggestion() -> None:
    """Nothing is suggested for the sake of it."""
    (unknown,) = parse({"zzz": 1})

    assert unknown.text == "unknown action 'zzz'"  # type: ignore[union-attr]


def test_a_symbol_key_is_told_to_be_a_string() -> None:
    """`{:send => "x"}` is the likeliest mistake of that kind."""
    (unknown,) = parse({symbol("send"): "x"})

    assert unknown.text == "unknown action ':send'; did you mean 'send'?"  # type: ignore[union-attr]


def tracked(**hash_: Any) -> Track:
    (action,) = parse({"track": {"channel": "r", "user_id": "u", **hash_}})
    assert isinstance(action, Track)
    return action


def test_an_int_and_its_text_are_one_user() -> None:
    """42 and "42" give the same key."""
    assert tracked(user_id=42).key == tracked(user_id="42").key == "42"


def test_metadata_keeps_json_types_and_loses_what_is_not_the_applications() -> None:
    """`channel`, `user_id`, `phx_ref` and `state` are not metadata."""
    action = tracked(state="away", phx_ref="9", age=3, tags=["a"], admin=True, size=1.0)

    assert action.state == "away"
    assert action.fields == {"age": 3, "tags": ["a"], "admin": True, "size": 1.0}


def test_a_symbol_key_cannot_smuggle_in_a_ref() -> None:
    """Reserved names are dropped after encoding too."""
    hash_ = {"channel": "r", "user_id": "u", symbol("phx_ref"): "9"}

    def encode(value: Any) -> str:
        return encode_json({getattr(key, "name", key): item for key, item in value.items()})

    (action,) = actions.parse({"track": hash_}, encode)

    assert isinstance(action, Track)
    assert action.fields == {}


def test_metadata_is_detached_from_the_program() -> None:
    """A program that changes its hash afterwards does not change what is tracked."""
    tags = ["a"]
    action = tracked(tags=tags)
    tags.append("b")

    assert action.fields == {"tags": ["a"]}


def test_metadata_is_what_the_encoder_makes_of_it() -> None:
    """A Decimal is stored as the text that clients get."""
    (action,) = actions.parse(
        {"track": {"channel": "r", "user_id": "u", "price": Decimal("1.50")}},
        lambda value: encode_json({key: str(item) for key, item in value.items()}),
    )

    assert isinstance(action, Track)
    assert action.fields == {"price": "1.50"}


def test_metadata_at_the_limit_passes() -> None:
    """The bound is inclusive and counts the JSON with its state."""
    size = len('{"state":"online","bio":"é"}'.encode())

    assert parse({"track": {"channel": "r", "user_id": "u", "bio": "é"}}, size)


def test_metadata_past_the_limit_is_an_error() -> None:
    """One byte more is refused, and the error names the setting."""
    size = len('{"state":"online","bio":"é"}'.encode())

    with pytest.raises(ActionError, match=r"metadata of 29 bytes, at most 28 are allowed"):
        parse({"track": {"channel": "r", "user_id": "u", "bio": "é"}}, size - 1)


def test_a_limit_of_zero_is_none() -> None:
    """0 turns the limit of metadata off."""
    assert parse({"track": {"channel": "r", "user_id": "u", "bio": "x" * 10_000}}, 0)


def test_close_takes_a_reason_or_a_code_and_a_reason() -> None:
    """The plain form closes with 1000."""
    assert parse({"close": "bye"}) == [actions.CloseConnection(1000, "bye")]
    assert parse({"close": {"code": 4001, "reason": "no"}}) == [actions.CloseConnection(4001, "no")]


def test_a_close_reason_is_cut_on_a_character_boundary() -> None:
    """123 bytes at most, and no half character."""
    (action,) = parse({"close": "é" * 100})

    assert action.reason == "é" * 61  # type: ignore[union-attr]


@pytest.mark.parametrize("payload", ["hi", b"hi"])
def test_the_shortcut_finds_a_plain_reply(payload: str | bytes) -> None:
    """`{"send": text}` needs no parsing at all."""
    assert actions.reply_of({"send": payload}) == payload


@pytest.mark.parametrize("result", [None, {}, {"send": 1}, {"send": "x", "join": "r"}, {"a": "b"}])
def test_the_shortcut_leaves_everything_else_alone(result: Any) -> None:
    """Whatever is not exactly a plain reply goes the long way."""
    assert actions.reply_of(result) is None


def test_metadata_may_speak_of_prototypes() -> None:
    """In its values: only keys change what objects share."""
    own = {"title": "constructor of __proto__", "tags": ["prototype"]}
    (track,) = parse({"track": {"channel": "r", "user_id": "u", **own}})
    assert isinstance(track, Track)
    assert track.fields == own


def test_replies_stand_behind_what_is_sent() -> None:
    """Whatever the order of the keys; and a String is JSON in a reply."""
    result = {"broadcast": "b", "reply_error": {"a": 1}, "reply": "text", "send": "s"}
    found = actions.parse(result, encode_json)

    assert type(found) is actions.Replying
    assert [type(action).__name__ for action in found] == [
        "Reply", "ReplyToRequest", "ReplyToRequest", "Broadcast",
    ]  # fmt: skip
    assert found[1:3] == [
        actions.ReplyToRequest("ok", '"text"'),
        actions.ReplyToRequest("error", '{"a":1}'),
    ]


def test_volatile_is_said_of_all_sends_of_a_return() -> None:
    """And of nothing else; `false` says nothing."""
    result = {"send": "s", "broadcast_others": "o", "reply": 1, "join": "r", "volatile": "k"}
    kinds = {type(action) for action in parse(result)}
    assert kinds == {actions.Join, actions.Volatile, actions.WithOptions, actions.ReplyToRequest}
    options = [action for action in parse(result) if isinstance(action, actions.WithOptions)]
    assert [(one.to_others, one.key) for one in options] == [(False, "k"), (True, "k")]
    plain = parse({"send": "s", "volatile": False})
    assert actions.Reply("s") in plain
