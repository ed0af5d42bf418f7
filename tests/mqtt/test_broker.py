"""mosquitto as our child: rights a device, changes at once, no orphan, back after a kill."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from server.core import Core, open_core
from server.errors import StartError
from server.mqtt.broker import Broker
from server.mqtt.mosquitto import Mosquitto
from server.rights import THIS_MACHINE
from server.settings import MqttSection, Settings
from server.store import devices
from server.store.database import Database
from tests.patience import PATIENCE_S, patience
from tools.children import free_port


class Client:
    """A plain paho client that writes down what it gets."""

    def __init__(self, port: int, user: str, secret: str, name: str = "") -> None:
        self.got: list[tuple[str, bytes]] = []
        self.granted: list[Any] = []
        self.answer: Any = None
        self.gone = False
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name or user)
        self._client.username_pw_set(user, secret)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *told: self.granted.extend(told[3])
        self._client.on_message = lambda _, __, message: self.got.append((message.topic, message.payload))
        self._client.on_disconnect = self._on_disconnect
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_connect(self, _: Any, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        self.answer = reason

    def _on_disconnect(self, *_: Any) -> None:
        self.gone = True

    def subscribe(self, topic: str) -> None:
        self._client.subscribe(topic, 1)

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos, retain)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


async def until(check: Any) -> None:
    async with patience():
        while not check():
            await asyncio.sleep(0.01)


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    async with Database(tmp_path) as database:
        yield await open_core(Settings(), database)


def settings(port: int = 0) -> MqttSection:
    return MqttSection(listen=f"127.0.0.1:{port or free_port()}", broker="mosquitto")


async def test_a_device_reads_and_writes_its_own_topics_only(core: Core) -> None:
    async with Broker(settings(), "shop", core.database) as broker:
        core.registrar.update = broker.update
        secrets = {name: (await core.registrar.add(THIS_MACHINE, name)).secret for name in ("a", "b")}
        edge = Client(broker.port, broker.user, broker.secret)
        one, other = (Client(broker.port, name, secrets[name]) for name in ("a", "b"))
        edge.subscribe("bw1/#")
        other.subscribe("bw1/shop/a/ack")
        other.subscribe("bw1/#")
        await until(lambda: edge.granted and len(other.granted) == 2 and one.answer == "Success")
        other.publish("bw1/shop/a/up", b"forged")
        other.publish("bw1/shop/b/up", b"own")
        edge.publish("bw1/shop/a/ack", b"for a")
        await until(lambda: ("bw1/shop/b/up", b"own") in edge.got)
        await asyncio.sleep(0.2)
        assert ("bw1/shop/a/up", b"forged") not in edge.got
        assert other.got == []
        for client in (edge, one, other):
            client.close()


async def test_a_wrong_secret_and_no_secret_are_refused(core: Core) -> None:
    async with Broker(settings(), "shop", core.database) as broker:
        core.registrar.update = broker.update
        await core.registrar.add(THIS_MACHINE, "a")
        for user, secret in (("a", "wrong"), ("nobody", ""), ("_edge", "guess"), ("_edge-json", "guess")):
            client = Client(broker.port, user, secret)
            await until(lambda client=client: client.answer is not None)
            assert client.answer == "Not authorized"
            client.close()


async def test_revoking_disconnects_at_once_and_others_stay(core: Core) -> None:
    async with Broker(settings(), "shop", core.database) as broker:
        core.registrar.update = broker.update
        secrets = {name: (await core.registrar.add(THIS_MACHINE, name)).secret for name in ("a", "b")}
        one, other = (Client(broker.port, name, secrets[name]) for name in ("a", "b"))
        await until(lambda: one.answer == "Success" and other.answer == "Success")
        await core.registrar.revoke(THIS_MACHINE, "a")
        await until(lambda: one.gone)
        assert not other.gone
        one.close()
        other.close()


async def test_a_new_secret_ends_the_old_one_at_once(core: Core) -> None:
    async with Broker(settings(), "shop", core.database) as broker:
        core.registrar.update = broker.update
        secrets = {name: (await core.registrar.add(THIS_MACHINE, name)).secret for name in ("a", "b")}
        one, other = (Client(broker.port, name, secrets[name]) for name in ("a", "b"))
        await until(lambda: one.answer == "Success" and other.answer == "Success")
        renewed = (await core.registrar.renew(THIS_MACHINE, "a")).secret
        await until(lambda: one.gone)
        one.close()
        old, new = Client(broker.port, "a", secrets["a"], "x"), Client(broker.port, "a", renewed)
        await until(lambda: old.answer is not None and new.answer == "Success")
        assert old.answer == "Not authorized" and not other.gone
        for client in (old, new, other):
            client.close()


async def test_it_comes_back_after_a_kill(core: Core) -> None:
    async with Broker(settings(), "shop", core.database) as broker:
        assert isinstance(broker.runs, Mosquitto)
        process = broker.runs.process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        await until(lambda: broker.down is not None)
        await until(lambda: broker.down is None)
        client = Client(broker.port, broker.user, broker.secret)
        await until(lambda: client.answer == "Success")
        client.close()


async def test_a_taken_port_is_one_sentence_with_its_cure(core: Core) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError) as caught:
            async with Broker(settings(port), "shop", core.database):
                pass
    assert caught.value.sentence == (
        f"Port {port} on 127.0.0.1 cannot be used for MQTT (Address already in use); give [mqtt] listen "
        "another one, or stop what holds it (Debian's own broker: systemctl disable --now mosquitto)."
    )


async def test_only_the_wanted_port_is_opened(core: Core) -> None:
    async with Broker(settings(), "shop", core.database) as broker:
        assert isinstance(broker.runs, Mosquitto)
        assert broker.runs.process is not None
        assert listening(broker.runs.process.pid) == {broker.port}


def listening(pid: int) -> set[int]:
    """The TCP ports on which a process listens, as the kernel tells."""
    links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    mine = {link[8:-1] for link in links if link.startswith("socket:")}
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and row[9] in mine}


async def test_iotcore_serves_on_loopback_and_says_what_it_lacks(core: Core) -> None:
    wanted = MqttSection(listen=f"127.0.0.1:{free_port()}", broker="iotcore")
    async with Broker(wanted, "shop", core.database) as broker:
        assert "asks no device for its secret" in str(broker.note)
        client = Client(broker.port, "anybody", "")
        await until(lambda: client.answer == "Success")
        client.close()
    with pytest.raises(StartError, match="iotcore knows no rights a device"):
        async with Broker(MqttSection(listen="0.0.0.0:1884", broker="iotcore"), "shop", core.database):
            pass


def kill(broker: Broker) -> None:
    assert isinstance(broker.runs, Mosquitto)
    assert broker.runs.process is not None
    os.kill(broker.runs.process.pid, signal.SIGKILL)


async def test_it_comes_back_when_its_port_was_taken_meanwhile(core: Core) -> None:
    async with Broker(settings(), "shop", core.database) as broker:
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kill(broker)
            await until(lambda: broker.down is not None)
            taken.bind(("127.0.0.1", broker.port))
            taken.listen()
            await until(lambda: "taken" in str(broker.down))
        await until(lambda: broker.down is None)


async def test_it_comes_back_when_its_files_could_not_be_written_meanwhile(core: Core) -> None:
    async with Broker(settings(), "shop", core.database) as broker:
        blocked = core.database.folder / "broker" / "passwords.new"
        blocked.mkdir()
        kill(broker)
        await until(lambda: broker.down is not None and "passwords.new" in broker.down)
        blocked.rmdir()
        await until(lambda: broker.down is None)


async def test_the_newest_register_wins_when_two_changes_come_at_once(tmp_path: Path) -> None:
    class Slow(Database):
        """Gives its first answer about credentials last."""

        slow = False

        async def read(self, work: Any, *args: Any, **more: Any) -> Any:
            found = await super().read(work, *args, **more)
            if work is devices.credentials and self.slow:
                self.slow = False
                await asyncio.sleep(0.2)
            return found

    async with Slow(tmp_path) as database:
        core = await open_core(Settings(), database)
        async with Broker(settings(), "shop", database) as broker:
            core.registrar.update = broker.update
            await core.registrar.add(THIS_MACHINE, "a")
            database.slow = True
            adding = asyncio.create_task(core.registrar.add(THIS_MACHINE, "b"))
            await asyncio.sleep(0.05)
            await core.registrar.revoke(THIS_MACHINE, "a")
            await adding
            listed = (tmp_path / "broker" / "passwords").read_text().splitlines()
            assert [line.partition(":")[0] for line in listed] == ["_edge", "_edge-json", "b"]


async def test_a_change_while_it_is_starting_does_not_kill_it(core: Core) -> None:
    async with Broker(settings(), "shop", core.database) as broker:
        for _ in range(5):
            before = broker.runs
            kill(broker)
            async with patience():
                while broker.runs is before or broker.down is not None:
                    await broker.update()
                    await asyncio.sleep(0)
            await broker.update()
            await asyncio.sleep(0.1)
            assert broker.down is None


async def test_a_folder_with_spaces_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my shop # 1" / ("deep" * 40)
    async with Database(folder) as database, Broker(settings(), "shop", database) as broker:
        client = Client(broker.port, broker.user, broker.secret)
        await until(lambda: client.answer == "Success")
        client.close()


async def test_strangers_with_endless_names_do_not_freeze_it(core: Core) -> None:
    async with Broker(settings(), "shop", core.database) as broker:
        name = "é" * 32_000
        for _ in range(30):
            stranger = socket.create_connection(("127.0.0.1", broker.port))
            field = len(name.encode()).to_bytes(2, "big") + name.encode()
            body = b"\x00\x04MQTT\x04\xc2\x00\x3c" + field + field + field
            size, head = len(body), b"\x10"
            while size:
                head += bytes([size % 128 | (0x80 if size >= 128 else 0)])
                size //= 128
            stranger.sendall(head + body)
            stranger.settimeout(PATIENCE_S)
            await asyncio.to_thread(stranger.recv, 10)
            stranger.close()
        assert isinstance(broker.runs, Mosquitto)
        assert broker.runs.log is not None
        assert not broker.runs.log.done()
        client = Client(broker.port, broker.user, broker.secret)
        await until(lambda: client.answer == "Success")
        client.close()
