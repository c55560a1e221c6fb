"""The rules of presence, one by one (docs/spec §W5), as frames that clients get."""

from __future__ import annotations

from typing import Any

import pytest

from ....support.presence_clients import Bench
from ....support.presence_steps import clear, diff, join, meta, set_state, snapshot, track

# Metas


def test_a_meta_begins_with_ref_and_state_like_on_the_page(bench: Bench) -> None:
    """Then come the application's keys, with their JSON types."""
    bench.do("a", {"track": {"channel": "r", "user_id": "u", "name": "Ada", "n": [1, None]}})

    assert bench.inboxes["a"].payloads == [
        '{"event":"presence_state","payload":{"u":{"metas":'
        '[{"phx_ref":"1","state":"online","name":"Ada","n":[1,null]}]}}}'
    ]


def test_a_state_in_the_track_hash_is_the_initial_one(bench: Bench) -> None:
    """Instead of "online"."""
    track(bench, "a", "ada", state="away")

    assert bench.received("a") == [snapshot(ada=[meta(1, "away")])]


def test_an_empty_state_is_a_state(bench: Bench) -> None:
    """Only an absent one means "online"."""
    track(bench, "a", "ada", state="")

    assert bench.received("a") == [snapshot(ada=[meta(1, "")])]


def test_a_state_change_moves_no_meta_and_changes_no_ref(watched: Bench) -> None:
    """Metas stand in the order in which they were tracked."""
    track(watched, "b", "ada")
    clear(watched)
    set_state(watched, "a", "typing")

    assert watched.received("watcher")[-1] == diff({"ada": [meta(1, "typing"), meta(2)]})


# docs/spec §W5.1


def test_a_plain_room_stays_silent(bench: Bench) -> None:
    """Nobody tracked: no presence frame."""
    join(bench, "a", "b")

    assert (bench.received("a"), bench.received("b")) == ([], [])


def test_the_first_frame_of_an_early_member_is_the_snapshot_of_the_first_track(
    bench: Bench,
) -> None:
    """In place of the diff."""
    join(bench, "watcher")
    track(bench, "a", "ada")

    assert bench.received("watcher") == [snapshot(ada=[meta(1)])]


def test_one_that_joins_where_somebody_is_tracked_gets_a_snapshot(bench: Bench) -> None:
    """At once, so that later diffs mean something."""
    track(bench, "a", "ada")
    join(bench, "watcher")

    assert bench.received("watcher") == [snapshot(ada=[meta(1)])]


def test_joining_again_gives_no_second_snapshot(watched: Bench) -> None:
    """It is a subscriber already."""
    join(watched, "watcher")

    assert watched.received("watcher") == []


def test_long_after_everybody_left_an_old_subscriber_gets_diffs_and_a_new_one_a_snapshot(
    watched: Bench,
) -> None:
    """The one has had a snapshot, the other not."""
    watched.do("a", {"untrack": "r"})
    watched.now += 60
    join(watched, "b")
    clear(watched)
    track(watched, "c", "bob")

    assert watched.received("watcher") == [diff({"bob": [meta(2)]})]
    assert watched.received("b") == [snapshot(bob=[meta(2)])]


# docs/spec §W5.2 and §W5.3


def test_the_first_connection_of_a_user_is_a_join_for_the_others(watched: Bench) -> None:
    """And a snapshot, itself included, for the tracker."""
    track(watched, "b", "bob")

    assert watched.received("b") == [snapshot(ada=[meta(1)], bob=[meta(2)])]
    assert watched.received("watcher") == [diff({"bob": [meta(2)]})]
    assert watched.received("a") == [diff({"bob": [meta(2)]})]


def test_a_tracker_that_joined_before_gets_the_snapshot_and_no_diff(watched: Bench) -> None:
    """It is not one of the others."""
    track(watched, "watcher", "eve")

    assert watched.received("watcher") == [snapshot(ada=[meta(1)], eve=[meta(2)])]


def test_a_further_connection_of_a_user_is_a_snapshot_for_itself_only(watched: Bench) -> None:
    """No diff to anybody."""
    track(watched, "b", "ada")

    assert watched.received("b") == [snapshot(ada=[meta(1), meta(2)])]
    assert (watched.received("a"), watched.received("watcher")) == ([], [])


# docs/spec §W5.4


def test_a_change_of_state_is_a_join_with_all_metas_to_everybody(watched: Bench) -> None:
    """The actor included."""
    track(watched, "b", "ada")
    watched.settle()
    clear(watched)
    set_state(watched, "b", "typing")

    for connection_id in ("a", "b", "watcher"):
        assert watched.received(connection_id) == [diff({"ada": [meta(1), meta(2, "typing")]})]


def test_the_same_state_again_sends_nothing(watched: Bench) -> None:
    """Diffs fire on changes only."""
    set_state(watched, "a", "online")

    assert watched.received("watcher") == []


def test_metadata_is_merged_and_a_change_of_it_is_an_update(watched: Bench) -> None:
    """`set_presence` may carry more than a state."""
    set_state(watched, "a", "online", mood="fine")
    watched.do("a", {"set_presence": {"channel": "r", "at": 1}})

    assert watched.received("watcher") == [
        diff({"ada": [meta(1, mood="fine")]}),
        diff({"ada": [meta(1, mood="fine", at=1)]}),
    ]


@pytest.mark.parametrize(("before", "after"), [(1, True), (1, 1.0), (0, False), ("1", 1)])
def test_values_of_another_type_are_a_change(watched: Bench, before: Any, after: Any) -> None:
    """Python thinks that some of them are equal; clients do not."""
    set_state(watched, "a", "online", x=before)
    clear(watched)
    set_state(watched, "a", "online", x=after)

    assert len(watched.received("watcher")) == 1


# docs/spec §W5.5 and §W5.6


def test_a_connection_that_goes_while_others_of_the_user_remain_sends_nothing(
    watched: Bench,
) -> None:
    """One of two tabs is closed."""
    track(watched, "b", "ada")
    watched.settle()
    clear(watched)
    watched.disconnect("a")

    assert watched.received("watcher") == []


def test_the_last_connection_of_a_user_is_a_leave_with_its_metas(watched: Bench) -> None:
    """As the client knows them."""
    watched.disconnect("a")

    assert watched.received("watcher") == [diff(leaves={"ada": [meta(1)]})]


def test_untracking_tells_the_actor_too_and_it_stays_a_subscriber(watched: Bench) -> None:
    """It is still in the room."""
    join(watched, "a")
    watched.do("a", {"untrack": "r"})
    track(watched, "b", "bob")

    assert watched.received("a") == [diff(leaves={"ada": [meta(1)]}), diff({"bob": [meta(2)]})]


def test_untracking_without_being_in_the_room_ends_the_subscription(watched: Bench) -> None:
    """It was a subscriber only because it was tracked."""
    watched.do("a", {"untrack": "r"})
    clear(watched)
    track(watched, "b", "bob")

    assert watched.received("a") == []


def test_leaving_the_room_while_tracked_keeps_the_subscription(watched: Bench) -> None:
    """Tracking and membership are two things."""
    join(watched, "a")
    watched.do("a", {"leave": "r"})
    track(watched, "b", "bob")

    assert watched.received("a") == [diff({"bob": [meta(2)]})]


def test_one_that_left_the_room_gets_nothing_more(watched: Bench) -> None:
    """Leaving ends the subscription of one that is not tracked."""
    watched.do("watcher", {"leave": "r"})
    track(watched, "b", "bob")

    assert watched.received("watcher") == []


def test_a_leave_has_also_the_metas_that_a_stale_client_still_shows() -> None:
    """Over the budget no refresh tells of the first tab's end, so the leave does."""
    bench = Bench(presence_resync_bytes=1)
    bench.connect("a", "b", "c", "watcher")
    track(bench, "a", "ada")
    join(bench, "watcher")
    track(bench, "b", "ada", state="away")
    track(bench, "c", "bob")  # spends the budget: the watcher knows both tabs
    bench.disconnect("a")
    clear(bench)
    bench.disconnect("b")

    assert bench.received("watcher") == [diff(leaves={"ada": [meta(1), meta(2, "away")]})]


# docs/spec §W5.7


def test_tracking_again_as_the_same_user_is_an_update_and_a_snapshot(watched: Bench) -> None:
    """The state is kept, the metadata replaced, the ref the same."""
    set_state(watched, "a", "typing", old=1)
    clear(watched)
    track(watched, "a", "ada", new=2)

    update = diff({"ada": [meta(1, "typing", new=2)]})
    assert watched.received("watcher") == [update]
    assert watched.received("a") == [update, snapshot(ada=[meta(1, "typing", new=2)])]


def test_tracking_again_without_a_change_is_only_a_snapshot(watched: Bench) -> None:
    """The others hear nothing."""
    track(watched, "a", "ada")

    assert watched.received("watcher") == []
    assert watched.received("a") == [snapshot(ada=[meta(1)])]


def test_tracking_again_as_another_user_is_a_leave_and_a_join(watched: Bench) -> None:
    """With a new ref."""
    track(watched, "a", "bob")

    assert watched.received("watcher") == [
        diff(leaves={"ada": [meta(1)]}),
        diff({"bob": [meta(2)]}),
    ]
    assert watched.received("a")[-1] == snapshot(bob=[meta(2)])
    assert watched.hub.presence_count("r") == 1


# docs/spec §W5.9


def test_join_and_track_in_one_return_give_one_snapshot(watched: Bench) -> None:
    """Not one for each."""
    watched.do("b", {"join": "r", "track": {"channel": "r", "user_id": "bob"}})

    assert watched.received("b") == [snapshot(ada=[meta(1)], bob=[meta(2)])]


def test_joining_another_room_while_tracking_gives_its_snapshot(watched: Bench) -> None:
    """Only the channel that is tracked in is spared one."""
    watched.do("b", {"join": ["r", "s"], "track": {"channel": "s", "user_id": "bob"}})

    assert [message["payload"].keys() for message in watched.received("b")] == [{"ada"}, {"bob"}]


# docs/spec §W5.10


@pytest.mark.parametrize("result", [{"untrack": "r"}, {"set_presence": {"channel": "r"}}])
def test_what_is_not_tracked_cannot_change(watched: Bench, result: Any) -> None:
    """Nothing is sent, and the note is for the debug log."""
    watched.do("watcher", result)

    assert [(note.kind, note.once) for note in watched.notes] == [("not_tracked", False)]
    assert watched.received("watcher") == watched.received("a") == []


# docs/spec §W5.11


def test_a_subscriber_of_two_channels_is_told_which_one(watched: Bench) -> None:
    """From the snapshot of the second one on; the others' shape stays the page's."""
    watched.do("b", {"track": {"channel": "s", "user_id": "bob"}})
    clear(watched)
    join(watched, "watcher", room="s")
    set_state(watched, "a", "typing")

    labelled = {**diff({"ada": [meta(1, "typing")]}), "channel": "r"}
    assert watched.received("watcher") == [{**snapshot(bob=[meta(2)]), "channel": "s"}, labelled]
    assert watched.received("a") == [diff({"ada": [meta(1, "typing")]})]


def test_back_to_one_channel_the_shape_is_the_pages_again(watched: Bench) -> None:
    """After leaving the other."""
    watched.do("b", {"track": {"channel": "s", "user_id": "bob"}})
    join(watched, "watcher", room="s")
    watched.do("watcher", {"leave": "s"})
    clear(watched)
    set_state(watched, "a", "typing")

    assert watched.received("watcher") == [diff({"ada": [meta(1, "typing")]})]


def test_a_plain_room_is_no_channel_with_presence(watched: Bench) -> None:
    """Rooms without presence do not count."""
    join(watched, "watcher", room="plain")
    set_state(watched, "a", "typing")

    assert "channel" not in watched.received("watcher")[0]


# Coming back


def test_one_that_comes_back_gets_what_changed_in_the_meantime_as_a_diff(watched: Bench) -> None:
    """`phoenix` compares refs in a snapshot, and a state change keeps the ref."""
    watched.do("watcher", {"leave": "r"})
    set_state(watched, "a", "typing")
    join(watched, "watcher")

    typing = [meta(1, "typing")]
    assert watched.received("watcher") == [snapshot(ada=typing), diff({"ada": typing})]


def test_one_that_comes_back_gets_it_even_if_it_saw_the_change(watched: Bench) -> None:
    """Nobody can tell what a client kept, and what it forgot (docs/spec §W5.12)."""
    set_state(watched, "a", "typing")
    watched.do("watcher", {"leave": "r"})
    clear(watched)
    join(watched, "watcher")

    typing = [meta(1, "typing")]
    assert watched.received("watcher") == [snapshot(ada=typing), diff({"ada": typing})]


# docs/spec §W5.12


def test_who_subscribes_gets_the_users_that_changed_since_they_were_tracked(watched: Bench) -> None:
    """With all their metas, in the frame behind the snapshot; those that did not are not in it."""
    track(watched, "b", "bob", state="away")
    track(watched, "c", "ada")
    set_state(watched, "a", "typing")
    clear(watched)
    watched.connect("new")
    join(watched, "new")

    ada = [meta(1, "typing"), meta(3)]
    assert watched.received("new") == [
        snapshot(ada=ada, bob=[meta(2, "away")]),
        diff({"ada": ada}),
    ]


def test_what_changed_and_changed_back_has_changed(watched: Bench) -> None:
    """A client may have kept what was in between."""
    set_state(watched, "a", "typing")
    set_state(watched, "a", "online")
    watched.connect("new")
    join(watched, "new")

    assert watched.received("new") == [snapshot(ada=[meta(1)]), diff({"ada": [meta(1)]})]


def test_a_change_that_is_none_is_no_change(watched: Bench) -> None:
    """Nor is tracking again as who one is."""
    set_state(watched, "a", "online")
    track(watched, "a", "ada")
    watched.connect("new")
    join(watched, "new")

    assert watched.received("new") == [snapshot(ada=[meta(1)])]


def test_a_change_of_a_device_that_is_gone_has_gone_with_it(watched: Bench) -> None:
    """What is left of the user is as it was tracked."""
    track(watched, "b", "ada")
    set_state(watched, "b", "typing")
    watched.do("b", {"untrack": "r"})
    watched.connect("new")
    join(watched, "new")

    assert watched.received("new") == [snapshot(ada=[meta(1)])]


def test_who_tracks_itself_on_arrival_gets_the_changes_too(watched: Bench) -> None:
    """Its snapshot is the first it has, whatever caused it; a further one brings no diff."""
    set_state(watched, "a", "typing")
    watched.connect("new")
    watched.do("new", {"join": "r", "track": {"channel": "r", "user_id": "bob"}})

    ada = [meta(1, "typing")]
    both = snapshot(ada=ada, bob=[meta(2)])
    assert watched.received("new") == [both, diff({"ada": ada})]
    track(watched, "new", "bob")
    assert watched.received("new") == [both]


def test_changes_carry_the_name_of_the_channel_where_messages_do(watched: Bench) -> None:
    """docs/spec §W5.11."""
    set_state(watched, "a", "typing")
    watched.do("watcher", {"join": "s", "track": {"channel": "s", "user_id": "w"}})
    watched.do("watcher", {"leave": "r"})
    clear(watched)
    join(watched, "watcher")

    assert [message["channel"] for message in watched.received("watcher")] == ["r", "r"]


# docs/spec §W5.13


@pytest.mark.parametrize("how", ["untrack", "disconnect"])
def test_a_channel_that_emptied_is_remembered_for_a_while(watched: Bench, how: str) -> None:
    """Who subscribes within it gets an empty snapshot: it may still show who was there."""
    if how == "untrack":
        watched.do("a", {"untrack": "r"})
    else:
        watched.disconnect("a")
    watched.now += 59.9
    watched.connect("new")
    join(watched, "new")

    assert watched.received("new") == [snapshot()]


def test_and_no_longer(watched: Bench) -> None:
    """For a time that is a constant."""
    watched.do("a", {"untrack": "r"})
    watched.now += 60
    watched.connect("new")
    join(watched, "new")

    assert watched.received("new") == []


def test_the_memory_of_empty_channels_can_be_turned_off() -> None:
    """With 0, who was in it itself is told all the same."""
    bench = Bench(presence_memory_seconds=0)
    bench.connect("a", "b", "new")
    track(bench, "a", "ada")
    join(bench, "b")
    bench.do("b", {"leave": "r"})
    bench.do("a", {"untrack": "r"})
    clear(bench)
    join(bench, "new", "b")

    assert bench.received("new") == []
    assert bench.received("b") == [snapshot()]


def test_one_that_left_users_behind_is_told_even_later(watched: Bench) -> None:
    """Of those that are still connected it is known what they may show."""
    watched.do("watcher", {"leave": "r"})
    watched.disconnect("a")
    watched.now += 3600
    join(watched, "watcher", "b")

    assert watched.received("watcher") == [snapshot()]
    assert watched.received("b") == []


def test_one_that_left_an_empty_channel_long_ago_comes_back_in_silence(watched: Bench) -> None:
    """It knows that nobody is there."""
    watched.disconnect("a")
    watched.do("watcher", {"leave": "r"})
    watched.now += 3600
    clear(watched)
    join(watched, "watcher")

    assert watched.received("watcher") == []


def test_a_channel_is_forgotten_with_its_last_subscriber(watched: Bench) -> None:
    """Nothing is left behind."""
    for connection_id in ("a", "b", "c", "watcher"):
        watched.disconnect(connection_id)

    assert len(watched.hub.presence) == 0
    assert watched.hub.seats == {}
