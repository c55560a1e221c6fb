"""What one interpreter's requests share, and what is each one's own (docs/decisions/0026)."""

from __future__ import annotations

import gc
from decimal import Decimal

from soli_lang import Interpreter
from soli_lang.base.limits import Limits
from soli_lang.machine.keys import MachineKey

from .installed import NOON, Library

CALL: MachineKey[object] = MachineKey("call")
HOUR = 3600


def test_a_request_chooses_its_own_locale() -> None:
    """The others keep theirs."""
    soli = Library()
    soli.machine.local = {CALL: object()}
    soli.call("set_locale", "de")
    assert soli.call("locale") == "de"

    soli.machine.local = {CALL: object()}
    assert soli.call("locale") == "en"


def test_a_program_chooses_for_all_requests() -> None:
    """While it is loaded, nothing else is going on."""
    soli = Library()
    soli.call("set_locale", "de")

    soli.machine.local = {CALL: object()}
    assert soli.call("locale") == "de"


def test_a_limiter_opens_in_time_when_the_clock_is_put_back() -> None:
    """It stayed shut for that hour longer."""
    soli = Library()
    limiter = soli.call("RateLimiter.new", {"key": "k", "limit": 1, "window": 60})
    assert soli.send(limiter, "allowed") is True
    soli.time = NOON - HOUR
    assert soli.send(limiter, "allowed") is False

    soli.time = NOON - HOUR + 61
    assert soli.send(limiter, "allowed") is True


def test_what_is_stored_goes_in_time_when_the_clock_is_put_back() -> None:
    """From the cache and from the key-value store."""
    soli = Library()
    soli.call("Cache.set", "k", 1, 60)
    soli.call("KV.set", "k", 1, 60)
    soli.time = NOON - HOUR
    assert (soli.call("Cache.get", "k"), soli.call("KV.get", "k")) == (1, "1")

    soli.time = NOON - HOUR + 61
    assert (soli.call("Cache.get", "k"), soli.call("KV.get", "k")) == (None, None)


def test_an_instant_of_the_wall_clock_stays_one() -> None:
    """`KV.expireat` means what a calendar says, also after the clock was put back."""
    soli = Library()
    soli.call("KV.set", "k", 1)
    soli.call("KV.ttl", "k")
    soli.time = NOON - HOUR
    soli.call("KV.expireat", "k", NOON - HOUR + 10)
    assert soli.call("KV.ttl", "k") == 10


def test_frozen_time_goes_where_a_program_puts_it() -> None:
    """Also back."""
    soli = Library()
    soli.call("Cache.set", "k", 1, 60)
    soli.call("freeze_time", int(NOON) + 61)
    assert soli.call("Cache.get", "k") is None
    soli.call("Cache.set", "k", 1, 60)
    soli.call("freeze_time", int(NOON) - HOUR)
    assert soli.call("Cache.ttl", "k") == 61 + HOUR + 60


def test_json_for_a_page_ends_no_element() -> None:
    """It is the same JSON, in other characters."""
    soli = Library()
    value = {"a": "</script><b>&amp;</b>\u2028\u2029", "<": 1}
    text = soli.call("JSON.for_html", value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert soli.call("JSON.parse", text) == value
    assert soli.call("JSON.stringify", {"a": "</b>"}) == '{"a":"</b>"}'


def test_a_class_goes_with_the_function_that_made_it() -> None:
    """Its superclass does not keep it: each call left a kilobyte behind."""
    from soli_stdlib import install

    interpreter = Interpreter(install, limits=Limits.off())
    program = interpreter.load("def f\n  class X extends Error\n  end\n  1\nend")
    before = len(interpreter.machine.error_classes["Error"].subclasses)
    for _ in range(50):
        program.call("f")
    gc.collect()
    assert len(interpreter.machine.error_classes["Error"].subclasses) <= before + 1


def test_a_subclass_still_sees_methods_that_are_added_above() -> None:
    """What is remembered of a lookup is forgotten below, too."""
    from soli_stdlib import install

    text = (
        "class A\nend\nclass B extends A\nend\nb = B()\nx = b.respond rescue 0\n"
        'A.define_method("respond", fn() { 7 })\nb.respond()'
    )
    assert Interpreter(install).run(text) == 7


def test_a_decimal_that_cannot_be_rounded_is_too_large() -> None:
    """Python's `InvalidOperation` came out."""
    message = Library().send_failure(Decimal("1E+900"), "round", -3)
    assert message == "Decimal overflow"
