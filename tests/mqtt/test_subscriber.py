"""The edge's connection: calm when it is refused, honest about what it may not hear, true to its receipts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from server.mqtt.broker import Broker
from server.mqtt.subscriber import Account, Message, Subscriber
from server.settings import MqttSection
from server.store import devices
from server.store.database import Database
from tests.mqtt.test_broker import Client, until
from tools.children import free_port

Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
REFUSED, ACCEPTED = b"\x20\x02\x00\x05", b"\x20\x02\x00\x00"


@asynccontextmanager
async def listening(serve: Served) -> AsyncIterator[int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_broker_that_refuses_the_edge_is_asked_less_and_less_often() -> None:
    asked = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))
        writer.write(REFUSED)
        await writer.drain()
        writer.close()

    async with listening(refuse) as port, Subscriber(Account("127.0.0.1", port, "e", "s"), "shop") as one:
        await asyncio.sleep(3)
        assert len(asked) <= 6
        await until(lambda: len(asked) >= 3)
        assert one.down is not None
        assert "refuses the edge" in one.down


async def test_a_subscription_that_is_denied_is_told() -> None:
    async def deny(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(ACCEPTED)
        subscribe = await reader.read(400)
        assert subscribe[0] == 0x82
        writer.write(b"\x90\x06" + subscribe[2:4] + b"\x00\x80\x01\x01")
        await reader.read(100)
        writer.close()

    async with listening(deny) as port, Subscriber(Account("127.0.0.1", port, "e", "s"), "shop") as one:
        await until(lambda: "may not read" in str(one.down))


async def test_a_name_that_is_no_host_is_told_and_not_the_end() -> None:
    async with Subscriber(Account("a" * 70 + ".example", 1883, "e", "s"), "shop") as one:
        await until(lambda: "no broker at aaa" in str(one.down))
        assert not any(task.done() for task in one.tasks)


class Relay:
    """Bytes between the edge and its broker, until they are cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, here]
        await asyncio.gather(self._pump(reader, here), self._pump(there, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(4096):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


async def test_a_receipt_for_an_earlier_connection_is_not_given_and_the_message_comes_again(
    tmp_path: Path,
) -> None:
    async with Database(tmp_path) as database:
        wanted = MqttSection(listen=f"127.0.0.1:{free_port()}", broker="mosquitto")
        async with Broker(wanted, "shop", database) as broker:
            _, secret = await database.write(devices.add, "a", 0)
            await broker.update()
            relay = Relay(broker.port)
            account = (broker.user, broker.secret)
            async with (
                listening(relay.serve) as port,
                Subscriber(Account("127.0.0.1", port, *account), "shop") as one,
            ):
                got: list[Message] = []
                reading = asyncio.create_task(_read(one, got))
                await until(lambda: one.down is None)
                client = Client(broker.port, "a", secret)
                client.publish("bw1/shop/a/json", b"first")
                await until(lambda: len(got) == 1)
                relay.cut()
                await until(lambda: one.down is not None)
                await until(lambda: one.down is None)
                got[0].acknowledge()  # of the connection that is gone
                await until(lambda: len(got) == 2)
                got[1].acknowledge()
                await asyncio.sleep(0.2)  # on its way through the relay
                relay.cut()
                await until(lambda: one.down is not None)
                await until(lambda: one.down is None)
                client.publish("bw1/shop/a/json", b"second")
                await until(lambda: len(got) == 3)
                assert [message.payload for message in got] == [b"first", b"first", b"second"]
                reading.cancel()
                client.close()


async def _read(one: Subscriber, got: list[Message]) -> None:
    async for batch in one.messages():
        got += batch
