"""Fan-out on real sockets: stalled readers, and who waits for whom."""

import asyncio

from soli_runtime.ws.connection import Connection
from websockets.asyncio.client import connect

from .serving import Run, Service, masked, on_both_loops, play, raw_client


def url(service: Service, target: str) -> str:
    return f"ws://127.0.0.1:{service.port}{target}"


@on_both_loops
def test_everybody_in_a_room_gets_every_message_in_the_same_order(run: Run) -> None:
    """Ten clients talking at once all see the same conversation."""

    async def scenario(service: Service) -> None:
        clients = [await connect(url(service, "/room"), compression=None) for _ in range(10)]
        for number in range(20):
            await asyncio.gather(
                *(client.send(f"{who}:{number}") for who, client in enumerate(clients))
            )
        seen = [[await client.recv() for _ in range(200)] for client in clients]
        assert all(conversation == seen[0] for conversation in seen)
        for who in range(10):
            own = [message for message in seen[0] if str(message).startswith(f"{who}:")]
            assert own == [f"{who}:{number}" for number in range(20)]
        for client in clients:
            await client.close()

    play(run, scenario)


@on_both_loops
def test_a_stalled_reader_is_dropped_and_nobody_waits_for_it(run: Run) -> None:
    """Somebody who stops reading is closed at its limit; the others get everything."""

    async def scenario(service: Service) -> None:
        message = "x" * 50_000
        async with (
            raw_client(service, "/room") as stalled,
            connect(url(service, "/room"), compression=None) as quick,
        ):
            sent = 0
            while not service.endpoint.counters.slow_consumers:
                await quick.send(message)
                assert await quick.recv() == message
                sent += 1
                assert sent < 2000, "the stalled reader is never dropped"
            for _ in range(20):
                await quick.send("still here")
                assert await quick.recv() == "still here"
            await service.until(lambda: bool(service.closed))
            assert service.closed == [(1013, "slow consumer")]
            assert service.endpoint.counters.outbox_high_water > 200_000
            stalled.abort()

    play(run, scenario, max_outbox_bytes=200_000, close_seconds=0.2)


@on_both_loops
def test_a_slow_reader_that_comes_back_in_time_gets_everything(run: Run) -> None:
    """What waits for a reader within its limit arrives whole and in order."""

    async def scenario(service: Service) -> None:
        # More than loopback sockets hold, less than the limit on top of that.
        count, size = 160, 65_536
        async with (
            raw_client(service, "/script", read_ahead=size) as slow,
            raw_client(service) as other,
        ):
            service.script = lambda connection, payload: None
            slow.send(masked(0x81, b"hello"))
            await service.until(lambda: bool(service.messages))
            connection: Connection = service.opened[0]
            for number in range(count):
                connection.send_text(f"{number:05}" + "x" * (size - 5))
                if number % 8 == 0:
                    other.send(masked(0x81, b"x"))
                    assert await other.frame() == (0x81, b"x")
            assert connection.outbox_bytes > size, "loopback took everything"
            for number in range(count):
                first, payload = await slow.frame()
                assert (first, payload[:5], len(payload)) == (0x81, b"%05d" % number, size)

    play(run, scenario, max_outbox_bytes=12 << 20)


@on_both_loops
def test_an_echo_flood_without_reading_is_held_back_and_then_answered(run: Run) -> None:
    """A client that sends much before it reads gets every answer."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            total = 400

            async def send_all() -> None:
                for number in range(total):
                    client.send(masked(0x81, b"%05d" % number + b"x" * 20_000))
                    await client.sent()

            sending = asyncio.create_task(send_all())
            await asyncio.sleep(0.2)
            for number in range(total):
                _, payload = await client.frame()
                assert payload[:5] == b"%05d" % number
            await sending
        assert service.endpoint.counters.slow_consumers == 0

    play(run, scenario, message_rate=0, max_outbox_bytes=16 << 20)


@on_both_loops
def test_nothing_is_left_of_connections_that_came_and_went(run: Run) -> None:
    """After many connects, messages and ends of every kind no connection is held anywhere."""

    async def scenario(service: Service) -> None:
        for number in range(60):
            async with raw_client(service, "/room") as client:
                client.send(masked(0x81, b"x"))
                if number % 3:
                    assert await client.frame() == (0x81, b"x")
                if number % 3 == 1:
                    client.send(masked(0x88))
                    await client.end()
                elif number % 3 == 2:
                    client.abort()
        await service.until(lambda: len(service.closed) == 60)
        assert not service.endpoint.connections
        assert service.endpoint.fanout.count("room") == 0
        assert len(service.endpoint.wheel) == 0
        assert sum(service.endpoint.counters.closes.values()) == 60

    play(run, scenario)


@on_both_loops
def test_messages_of_a_room_and_direct_ones_keep_the_order_of_the_calls(run: Run) -> None:
    """Whatever goes past the transport never overtakes what waits in it."""

    async def scenario(service: Service) -> None:
        rounds, size = 60, 30_000
        fanout = service.endpoint.fanout

        def script(connection: Connection, payload: str | bytes) -> None:
            for number in range(rounds):
                connection.send_text(f"{2 * number:05}" + "x" * size)
                fanout.publish("shared", f"{2 * number + 1:05}" + "y" * (size * (number % 3)))

        service.script = script
        async with raw_client(service, "/script") as client:
            client.send(masked(0x81, b""))
            await service.until(lambda: bool(service.opened))
            fanout.join("shared", service.opened[0])
            for number in range(2 * rounds):
                _, payload = await client.frame()
                assert payload[:5] == b"%05d" % number

    play(run, scenario, max_outbox_bytes=16 << 20)


@on_both_loops
def test_a_slow_member_that_comes_back_in_time_gets_everything(run: Run) -> None:
    """What a socket takes only in part arrives whole, in order, and the others do not wait."""

    async def scenario(service: Service) -> None:
        count, size = 160, 65_536
        async with (
            raw_client(service, "/room", read_ahead=size) as slow,
            raw_client(service, "/room") as quick,
        ):
            await service.until(lambda: len(service.opened) == 2)
            for number in range(count):
                service.endpoint.fanout.publish("room", f"{number:05}" + "x" * (size - 5))
                _, payload = await quick.frame()
                assert payload[:5] == b"%05d" % number
            assert service.opened[0].outbox_bytes > size, "loopback took everything"
            for number in range(count):
                first, payload = await slow.frame()
                assert (first, payload[:5], len(payload)) == (0x81, b"%05d" % number, size)

    play(run, scenario, max_outbox_bytes=12 << 20)


@on_both_loops
def test_who_gets_the_descriptor_of_a_member_that_left_gets_none_of_its_messages(
    run: Run,
) -> None:
    """A descriptor's next owner is a stranger to the room."""

    async def scenario(service: Service) -> None:
        async with raw_client(service, "/room") as stays:
            for _ in range(5):
                async with raw_client(service, "/room") as goes:
                    stays.send(masked(0x81, b"together"))
                    assert (await stays.frame())[1] == b"together"
                    assert (await goes.frame())[1] == b"together"
                    goes.abort()
                stays.send(masked(0x81, b"alone"))
                assert (await stays.frame())[1] == b"alone"
                async with raw_client(service, "/echo") as stranger:
                    stays.send(masked(0x81, b"secret"))
                    assert (await stays.frame())[1] == b"secret"
                    stranger.send(masked(0x81, b"hello"))
                    assert (await stranger.frame())[1] == b"hello"

    play(run, scenario)
