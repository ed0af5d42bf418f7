"""The MQTT client against a broker that follows a script, byte for byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from firmware.board import Uptime
from firmware.mqtt import Client, MqttError, packet
from tests.firmware.fake_board import FakeBoard
from tests.patience import patience

CONNACK = b"\x20\x02\x00\x00"


class WiredBoard(FakeBoard):
    """A fake board whose clock is the test's loop."""

    def uptime_ms(self) -> int:
        return int(asyncio.get_running_loop().time() * 1000)

    def no_delay(self, writer: object) -> None:
        pass


class Broker:
    """`heard` is all that came in; `say` sends raw bytes."""

    def __init__(self) -> None:
        self.heard = b""
        self.writer: asyncio.StreamWriter | None = None
        self.greeting = CONNACK

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        writer.write(self.greeting)
        while data := await reader.read(4096):
            self.heard += data

    def say(self, data: bytes) -> None:
        assert self.writer
        self.writer.write(data)


@asynccontextmanager
async def connection(keepalive: int = 30, greeting: bytes = CONNACK) -> AsyncIterator[tuple[Client, Broker]]:
    broker = Broker()
    broker.greeting = greeting
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Client(
        WiredBoard(), ("127.0.0.1", port, None), ("id", "user", "pass"), ("will/topic", b"bye"), keepalive
    )
    try:
        await client.connect()
        yield client, broker
    finally:
        await client.close()
        server.close()


async def hears(broker: Broker, data: bytes) -> None:
    async with patience():
        while not broker.heard.endswith(data):
            await asyncio.sleep(0.005)


async def test_connect_carries_will_login_and_keepalive() -> None:
    async with connection() as (_, broker):
        body = b"\x00\x04MQTT\x04\xee\x00\x1e\x00\x02id\x00\x0awill/topic\x00\x03bye\x00\x04user\x00\x04pass"
        await hears(broker, bytes([0x10, len(body)]) + body)


async def test_a_refused_login_is_an_error_with_its_code() -> None:
    with pytest.raises(MqttError, match="code 5"):
        async with connection(greeting=b"\x20\x02\x00\x05"):
            pass


async def test_messages_arrive_whole_however_they_are_cut() -> None:
    async with connection() as (client, broker):
        await hears(broker, b"pass")
        message = b"\x30\x83\x01\x00\x03a/b" + b"x" * 126
        for at in range(len(message)):
            broker.say(message[at : at + 1])
            await asyncio.sleep(0)
        broker.say(message * 2)
        for _ in range(3):
            assert await client.receive() == ("a/b", b"x" * 126)


async def test_a_message_with_qos_1_is_acknowledged() -> None:
    async with connection() as (client, broker):
        await hears(broker, b"pass")
        broker.say(b"\x32\x08\x00\x03a/b\x12\x34!")
        assert await client.receive() == ("a/b", b"!")
        await hears(broker, b"\x40\x02\x12\x34")


async def test_packet_ids_wrap_at_65535_and_are_never_0() -> None:
    async with connection() as (client, broker):
        client.packet_id = 65534
        await client.publish("t", b"a", 1)
        await client.publish("t", b"b", 1, True)
        await hears(broker, b"\x32\x06\x00\x01t\xff\xffa" + b"\x33\x06\x00\x01t\x00\x01b")


async def test_a_quiet_line_is_pinged_and_a_dead_one_is_left() -> None:
    async with connection(keepalive=2) as (client, broker):
        started = asyncio.get_running_loop().time()
        keeping = asyncio.create_task(client.keep())
        await hears(broker, b"\xc0\x00")
        with pytest.raises(MqttError, match="silent"):
            await keeping
        assert 2.9 < asyncio.get_running_loop().time() - started < 4


async def test_what_is_no_mqtt_ends_the_connection() -> None:
    for nonsense in (b"\x30\xff\xff\xff\xff\x01", b"\x30\xff\xff\x7f", b"\xf0\x00", b"\x30\x01\x00", b""):
        async with connection() as (client, broker):
            await hears(broker, b"pass")
            broker.say(nonsense)
            if not nonsense:
                broker.writer.close()
            with pytest.raises(MqttError):
                await client.receive()


async def test_a_refused_subscription_ends_the_connection() -> None:
    async with connection() as (client, broker):
        await client.subscribe(("a", "b"))
        await hears(broker, b"\x82\x0a\x00\x01\x00\x01a\x01\x00\x01b\x01")
        broker.say(b"\x90\x04\x00\x01\x01\x80")
        with pytest.raises(MqttError, match="subscription"):
            await client.receive()


def test_lengths_use_one_byte_up_to_127_and_more_above() -> None:
    assert packet(0x30, b"x" * 127)[:2] == b"\x30\x7f"
    assert packet(0x30, b"x" * 128)[:3] == b"\x30\x80\x01"
    assert packet(0x30, b"x" * 100, b"y" * 16284)[:4] == b"\x30\x80\x80\x01"


def test_uptime_does_not_wrap_where_ticks_do() -> None:
    period = 1 << 30
    ticks = [period - 5]
    uptime = Uptime(lambda: ticks[0] % period, lambda a, b: (a - b + period // 2) % period - period // 2)
    assert uptime() == 0
    for _ in range(10):
        ticks[0] += period // 3
        now = uptime()
    assert now == 10 * (period // 3)
