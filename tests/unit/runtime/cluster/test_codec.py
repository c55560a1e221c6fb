"""Operations as bytes: those of each version of the log, and what no version has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soli_runtime.cluster import codec
from soli_runtime.cluster.codec import VERSION
from soli_runtime.cluster.operations import (
    NOTHING,
    Account,
    LingeringEnded,
    NodeBegan,
    NodeEnded,
    NodesAsked,
)
from soli_runtime.core.effects import SendOptions
from soli_runtime.core.operations.arrivals import Arrivals
from soli_runtime.core.operations.broker import LocalBroker
from soli_runtime.core.operations.records import (
    DECLARATIONS,
    Closed,
    Connected,
    Disconnected,
    Hearers,
    Joined,
    Left,
    Lingered,
    Message,
    MessageToAll,
    MessageToOne,
    Operation,
    Order,
    Revised,
    SessionEnded,
    StateChanged,
    TopicMessage,
    TopicSubscribers,
    Tracked,
    Untracked,
    UserClosed,
    operation,
)

from ....support.corpus import ROOT
from ....support.memory_log import BrokerBench, LogBench, MemoryLog, arrive, operations_in
from ....support.presence_clients import Bench

FOLDER = ROOT / "tests" / "log_versions"
DEAD = "host-1a2b3c4d.7.1"
BODY = '"state":"online","n":1'
ADA = Tracked("room", "c1", "ada", "17641111111110000100000", BODY, False)
OPERATIONS: dict[str, Operation] = {
    "an account of nothing": Account([], [], [], [], [["news", 2]]),  # type: ignore[list-item]
    "connected": Connected("c1"),
    "disconnected": Disconnected("c1"),
    "joined": Joined("c1", "room", False, 0),
    "joined, tracked, with a past": Joined("c1", "räume", True, 20),
    "left": Left("c1", "room"),
    "a text to a room": Message("room", "ü \ud800 text"),
    "bytes to a room": Message("room", b"\xff\x00"),
    "an empty text to a room": Message("room", ""),
    "to a room, but one": Message("room", "text", SendOptions("c1", None, "c1")),
    "to a room, volatile": Message("room", "text", SendOptions(None, "cursor", "c1")),
    "to a room, volatile without a key, but one": Message(
        "room", b"\x01", SendOptions("c1", "", "c1")
    ),
    "to all": MessageToAll("text"),
    "to all, but one": MessageToAll(b"\x80", SendOptions("c1", None, "c1")),
    "to one": MessageToOne("c2", "text"),
    "to one, volatile": MessageToOne("c2", b"", SendOptions(None, "k", "c1")),
    "closed": Closed("c2", 4001, 'a "reason"'),
    "tracked": ADA,
    "tracked, changed": Tracked("room", "c1", "42", "7", '"state":"away"', True),
    "revised": Revised("room", "c1", '"state":"typing"'),
    "untracked": Untracked("room", "c1"),
    "lingers": Lingered("c1"),
    "a state": StateChanged("räume", 7, {"a": {"b": 1}, "c": None}, {"log": ["ü"]}, 1000, True),
    "a state begins": StateChanged("room", 1732992000000000, {}, {}, 0),
    "a user is closed": UserClosed("ada", 1000, "bye"),
    "a session has ended": SessionEnded("s1"),
    "to a topic": TopicMessage("news", b"data: 1\n\n"),
    "subscribers of a topic": TopicSubscribers("news", 3),
    "what a dead node held is over": LingeringEnded(DEAD),
    "nothing": NOTHING,
    "an account": Account(
        ["c1"],
        [["c1", "room"]],
        [["room", "c1", "ada", "1", '"state":"online"', False]],
        [],
        [["news", 2]],  # type: ignore[list-item]
    ),
    "a page of an account": Account(["c1"], [], [], [], [], 2, False),
    "a node begins, as the script writes it": NodeBegan("host-1a2b3c4d.8.1"),
    "a node has ended, as the script writes it": NodeEnded("host-1a2b3c4d.8.1"),
    "how are you, as the script writes it": NodesAsked(""),
}


@dataclass
class Line:
    """One operation as a version writes it."""

    heads: bytes
    payloads: bytes


def lines_of(version: int) -> dict[str, Line]:
    found = map(json.loads, (FOLDER / f"{version}.jsonl").read_text("utf-8").splitlines())
    return {each["operation"]: Line(each["h"].encode(), bytes.fromhex(each["p"])) for each in found}


GOLDEN = lines_of(VERSION)


def test_the_version_that_is_written_has_a_file() -> None:
    """Of all operations that are declared, and of no other."""
    assert set(GOLDEN) == set(OPERATIONS)
    assert {type(each) for each in OPERATIONS.values()} == set(DECLARATIONS)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_an_operation_is_written_as_its_version_says(name: str) -> None:
    """Byte by byte: another form needs another `VERSION`, and a file for it."""
    heads, payloads = codec.encode([OPERATIONS[name]])
    assert Line(codec.text_of(heads).encode(), b"".join(payloads)) == GOLDEN[name]


@pytest.mark.parametrize("version", sorted(int(path.stem) for path in FOLDER.glob("*.jsonl")))
def test_what_a_version_wrote_is_understood(version: int) -> None:
    """All of it, in one entry as well as alone."""
    lines = lines_of(version)
    for name, line in lines.items():
        assert list(operations_in(line.heads, line.payloads)) == [OPERATIONS[name]], name
    heads = [json.loads(line.heads)[0] for line in lines.values()]
    payloads = b"".join(line.payloads for line in lines.values())
    found = list(operations_in(json.dumps(heads).encode(), payloads))
    assert found == [OPERATIONS[name] for name in lines]


texts = st.text(st.characters(exclude_categories=()), max_size=5)
options = st.none() | st.builds(
    SendOptions, st.none() | texts.filter(bool), st.none() | texts, texts
)
messages = st.builds(Message, texts, texts | st.binary(max_size=5), options)


@given(st.lists(messages, max_size=4))
def test_messages_come_out_as_they_went_in(sent: list[Message]) -> None:
    """Whatever is in them."""
    heads, payloads = codec.encode(sent)
    text = codec.text_of(heads).encode("utf-8", "surrogatepass")
    assert list(operations_in(text, b"".join(payloads))) == sent


# --- what no version has --------------------------------------------------------------------------


class Two:
    """Two nodes; what one of them does not understand is written into the log."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        refs = iter(range(1, 100))
        self.here, self.there = (LogBench(self.log, name, refs) for name in ("n1", "n2"))
        self.here.connect("a")
        self.here.do("a", {"join": "r"})
        arrive([self.here, self.there])

    def writes(self, *heads: list[Any], payloads: bytes = b"") -> list[str]:
        """What `n1` says of an entry of another node."""
        self.log._write("n9", 1, list(heads), payloads)
        while self.here.pull():
            pass
        found = [str(error) for error in self.here.faults]
        self.here.faults.clear()
        return found


def test_an_operation_of_another_shape_is_refused_with_a_sentence() -> None:
    """An account with a field more, as a node of another version writes; others are applied."""
    two = Two()
    said = two.writes(
        ["a", [], [], [], [], [], 0, True, "more"], ["c", "b"], ["m", "r", 2], payloads=b"hi"
    )
    assert said == [
        "node 'n9' writes Account with 8 fields, and version 3 of the log has 7: let all "
        "processes run one version of Soli, or give that one an --app-name of its own"
    ]
    assert two.here.received("a") == ["hi"]
    assert "b" in two.here.broker.replica.homes


@pytest.mark.parametrize(
    "head",
    [["c"], ["c", "a", "b"], ["m", "r", "but", 1], ["m", "r", "1", "2", "3", "4", 1], ["p", 1]],
)
def test_too_many_fields_or_too_few(head: list[Any]) -> None:
    """Each is named, and nothing happens."""
    two = Two()
    (said,) = two.writes(head, payloads=b"x")
    assert f"writes {codec.BY_CODE[head[0]].name} with" in said
    assert two.here.received("a") == []


def test_an_account_of_before_is_understood() -> None:
    """It told of no lingering and no topics."""
    two = Two()
    assert two.writes(["a", ["b"], [["b", "r"]], []]) == []
    assert two.here.broker.replica.members("r") == ["a", "b"]


def test_an_operation_that_no_version_knows_is_passed_over_and_told_once() -> None:
    """What stands beside it in its entry is applied."""
    two = Two()
    said = two.writes(["?", 1, 2], ["m", "r", 2], ["?", 3], ["!"], payloads=b"hi")
    assert said == [
        f"node 'n9' writes operations '{code}', which version 3 of the log does not have; they "
        "are passed over: let all processes run one version of Soli"
        for code in "?!"
    ]
    assert two.here.received("a") == ["hi"]


# --- declarations ---------------------------------------------------------------------------------


def test_what_is_declared_is_applied() -> None:
    """By a node all of it; by a single process what the hub submits."""
    broker = BrokerBench().broker
    core = {one for one in DECLARATIONS if one.__module__.endswith("core.operations.records")}
    alone = {UserClosed, SessionEnded, TopicMessage, TopicSubscribers}
    arrivals: Arrivals = broker._arrivals
    assert set(arrivals.appliers) == core - alone
    node = {*broker._appliers, *broker.replica._appliers, *arrivals.appliers}
    assert node == set(DECLARATIONS)
    assert isinstance(Bench().hub.broker, LocalBroker)


def test_what_concerns_one_connection_alone_waits_only_for_what_is_pending() -> None:
    """And only for that the first field is a connection."""
    waits = {one for one, it in DECLARATIONS.items() if it.order is Order.BEHIND_PENDING}
    assert waits == {MessageToOne, Closed}
    for declaration in DECLARATIONS.values():
        is_one = declaration.hearers is Hearers.CONNECTION
        assert is_one == (declaration.record in waits)
        if is_one:
            assert declaration.fields[0] == "connection_id"


def test_a_code_is_taken_once() -> None:
    """Both are named."""
    with pytest.raises(ValueError, match="operation Record: Joined has the code 'j'"):
        operation("j")(type("Record", (), {"_fields": (), "_field_defaults": {}}))
