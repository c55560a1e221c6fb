"""Record classes: data classes without the price."""

from __future__ import annotations

from typing import Any

import pytest

from soli_lang.base.records import Record, changed, field


class Point(Record, frozen=True):
    x: int
    y: int = 0


class Bag(Record):
    name: str
    items: list[int] = field(default_factory=list)


class Ordered(Record, order=True):
    rank: int
    note: str = field(default="", compare=False)


class Named(Record, frozen=True, kw_only=True):
    name: str = "nobody"
    size: int


def test_fields_are_arguments_in_order() -> None:
    """Values are given by position or by name."""
    point = Point(1, y=2)

    assert (point.x, point.y) == (1, 2)


def test_a_field_left_out_has_its_default() -> None:
    """Defaults belong to the class."""
    assert Point(1).y == 0


def test_a_default_factory_makes_one_value_per_object() -> None:
    """Two objects never share a list."""
    first, second = Bag("a"), Bag("b")
    first.items.append(1)

    assert second.items == []


def test_a_missing_value_is_named() -> None:
    """The error is the one that any Python function gives."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]


def test_keyword_only_fields_take_no_position() -> None:
    """And may come in any order, defaults first."""
    assert Named(size=3).name == "nobody"
    with pytest.raises(TypeError):
        Named("x", 3)  # type: ignore[call-arg, misc]


def test_equal_fields_make_equal_records() -> None:
    """Of the same class, that is."""
    assert Point(1, 2) == Point(1, 2)
    assert Point(1, 2) != Point(2, 1)
    assert Bag("a") != Point(1)


def test_a_frozen_record_cannot_be_changed() -> None:
    """Neither set nor deleted."""
    point: Any = Point(1)

    with pytest.raises(AttributeError, match="Point cannot be changed: 'x'"):
        point.x = 2
    with pytest.raises(AttributeError, match="Point cannot be changed: 'x'"):
        del point.x


def test_frozen_records_can_be_keys() -> None:
    """Equal ones are the same key."""
    assert {Point(1, 2): "here"}[Point(1, 2)] == "here"


def test_other_records_cannot_be_keys() -> None:
    """Their hash would change."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(Bag("a"))


def test_order_looks_at_the_fields_that_compare() -> None:
    """Left to right."""
    assert Ordered(1, "z") < Ordered(2, "a")
    assert Ordered(1, "z") == Ordered(1, "a")


def test_changed_keeps_the_other_fields() -> None:
    """The record itself stays as it is."""
    point = Point(1, 2)

    assert changed(point, x=5) == Point(5, 2)
    assert point == Point(1, 2)


def test_a_subclass_adds_to_the_fields() -> None:
    """Inherited ones come first."""

    class Space(Point, frozen=True):
        z: int = 9

    assert repr(Space(1)) == f"{Space.__qualname__}(x=1, y=0, z=9)"


def test_records_can_be_matched_by_position() -> None:
    """`case Point(x, y)` works as for data classes."""
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("no match")
