"""The one timer of all connections."""

from soli_runtime.ws.wheel import Wheel

from .doubles import FakeLoop


class Probe:
    """Counts what the wheel tells it."""

    def __init__(self, wheel: Wheel | None = None) -> None:
        self.slot = -1
        self.pings: list[float] = []
        self.deadlines = 0
        self._wheel = wheel

    def ping_due(self) -> None:
        self.pings.append(0)
        if self._wheel is not None:
            self._wheel.remove(self)

    def deadline_passed(self) -> None:
        self.deadlines += 1

    def failed(self) -> None:
        raise AssertionError("nothing here fails")


def make_wheel(ping_seconds: float = 25, close_seconds: float = 5) -> tuple[Wheel, FakeLoop]:
    loop = FakeLoop()
    wheel = Wheel(
        ping_seconds=ping_seconds,
        close_seconds=close_seconds,
        call_later=loop.call_later,
        now=loop.time,
    )
    return wheel, loop


def test_a_connection_is_pinged_once_per_period() -> None:
    """Four periods give four pings, the first when a whole period has passed."""
    wheel, loop = make_wheel()
    probe = Probe()
    wheel.add(probe)
    loop.sleep(23)
    assert len(probe.pings) == 0
    loop.sleep(77.5)
    assert len(probe.pings) == 4


def test_connections_of_different_times_are_pinged_at_different_times() -> None:
    """Pings are spread over the period."""
    wheel, loop = make_wheel()
    early, late = Probe(), Probe()
    wheel.add(early)
    loop.sleep(10)
    wheel.add(late)
    loop.sleep(16)
    assert (len(early.pings), len(late.pings)) == (1, 0)
    loop.sleep(10)
    assert (len(early.pings), len(late.pings)) == (1, 1)


def test_a_removed_connection_is_pinged_no_more() -> None:
    """remove() forgets a connection, also from within its own ping; twice does no harm."""
    wheel, loop = make_wheel()
    probe, self_remover = Probe(), Probe(wheel)
    wheel.add(probe)
    wheel.add(self_remover)
    wheel.remove(probe)
    wheel.remove(probe)
    loop.sleep(100)
    assert (len(probe.pings), len(self_remover.pings), len(wheel)) == (0, 1, 0)


def test_a_deadline_passes_after_its_time_and_once() -> None:
    """A close handshake gets close_seconds, to within a tick of one second."""
    wheel, loop = make_wheel(close_seconds=5)
    probe = Probe()
    wheel.expect_close(probe)
    loop.sleep(4.9)
    assert probe.deadlines == 0
    loop.sleep(1.2)
    assert probe.deadlines == 1
    loop.sleep(20)
    assert probe.deadlines == 1


def test_deadlines_pass_with_pings_turned_off() -> None:
    """ping_seconds of zero turns pings off, and nothing else."""
    wheel, loop = make_wheel(ping_seconds=0)
    probe = Probe()
    wheel.add(probe)
    wheel.expect_close(probe)
    loop.sleep(100)
    assert (len(probe.pings), probe.deadlines) == (0, 1)


def test_an_idle_wheel_does_not_turn() -> None:
    """With nothing to watch no timer is running."""
    wheel, loop = make_wheel()
    probe = Probe()
    assert loop._later == []
    wheel.add(probe)
    assert len(loop._later) == 1
    wheel.remove(probe)
    loop.sleep(100)
    assert loop._later == []


def test_a_handshake_that_is_completed_is_forgotten() -> None:
    """A connection that is gone before its deadline is not held until then."""
    wheel, loop = make_wheel(ping_seconds=0)
    probe = Probe()
    wheel.add(probe)
    wheel.expect_close(probe)
    wheel.remove(probe)
    loop.sleep(100)
    assert probe.deadlines == 0


def test_a_connection_that_fails_does_not_stop_the_wheel() -> None:
    """It is told to end; those in its slot and those to come are pinged, deadlines pass."""

    class Failing(Probe):
        faults = 0

        def ping_due(self) -> None:
            raise RuntimeError("ping")

        def deadline_passed(self) -> None:
            raise RuntimeError("deadline")

        def failed(self) -> None:
            self.faults += 1

    wheel, loop = make_wheel(ping_seconds=20, close_seconds=5)
    failing, probe = Failing(), Probe()
    wheel.add(failing)
    wheel.add(probe)
    wheel.expect_close(failing)
    wheel.expect_close(probe)
    loop.sleep(41)
    assert failing.faults == 3
    assert (len(probe.pings), probe.deadlines) == (2, 1)
