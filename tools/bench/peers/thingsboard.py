"""thingsboard-gateway: its MQTT connector into its sqlite storage, while its platform is out of reach.

It starts its connectors when it has reached the platform once. So a broker plays the platform, and is gone
before a burst: then all messages stay in the local store. After a kill it is there again, and messages that
the gateway forwards to it count as kept.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tools.bench import site
from tools.bench.peers.peer import FILTER
from tools.bench.peers.process import Process
from tools.output import Json

RUN = "import sys; sys.argv = ['gateway']; from thingsboard_gateway.tb_gateway import main; main()"
LIMITS = ("rateLimits", "dpRateLimits", "messagesRateLimits", "deviceMessagesRateLimits",
          "deviceRateLimits", "deviceDpRateLimits")  # fmt: skip
FIELDS = (("string", "kind"), ("string", "customer"), ("integer", "cents"), ("string", "id"))


class ThingsBoard:
    """A gateway, and a broker that plays its platform. program: the environment that it is installed in."""

    def __init__(self, program: Path, folder: Path, broker: int) -> None:
        self._python = program / "bin" / "python"
        self._folder = folder
        self._shipped = next(program.glob("lib/python3*/site-packages/thingsboard_gateway/config"))
        self._told: list[bytes] = []
        self._platform = ExitStack()
        for name in ("data", "logs"):
            (folder / name).mkdir()
        (folder / "mqtt.json").write_text(json.dumps(_connector(broker)))
        self.start()

    def start(self) -> None:
        """Start it and its platform."""
        port = self._platform.enter_context(site.broker(self._folder))
        listener = paho.Client(CallbackAPIVersion.VERSION2, client_id="platform")
        listener.on_message = lambda _, __, message: self._told.append(bytes(message.payload))
        listener.connect("127.0.0.1", port)
        listener.subscribe("v1/gateway/telemetry", 1)
        listener.loop_start()
        self._platform.callback(listener.loop_stop)
        self._platform.callback(listener.disconnect)
        self._configure(port)
        self.process = Process(
            [str(self._python), "-c", RUN], self._folder, {"TB_GW_CONFIG_DIR": str(self._folder)}
        )

    def settle(self) -> None:
        """Take the platform away."""
        self._platform.close()

    def rows(self) -> int:
        """Events in the store, and those that were forwarded."""
        counted = "SELECT (length(message) - length(replace(message, '\"cents\"', ''))) / 7 FROM messages"
        stored: int = sum(self._read(counted))
        return stored + sum(payload.count(b'"cents"') for payload in self._told)

    def numbers(self) -> list[int]:
        """Their cents."""
        stored = self._read("SELECT message FROM messages")
        return [cents for message in [*stored, *self._told] for cents in _cents(json.loads(message))]

    def close(self) -> None:
        """End all of it."""
        self.process.stop()
        self._platform.close()

    def _read(self, query: str) -> list[Any]:
        found: list[Any] = []
        for path in (self._folder / "data").glob("*.db"):
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            try:
                found += [one for (one,) in connection.execute(query)]
            except sqlite3.OperationalError:  # not made yet, or locked for a moment
                continue
            finally:
                connection.close()
        return found

    def _configure(self, platform: int) -> None:
        made = json.loads((self._shipped / "tb_gateway.json").read_text())
        made["thingsboard"] |= {
            "host": "127.0.0.1", "port": platform, "remoteConfiguration": False,
            "statistics": {"enable": False}, **dict.fromkeys(LIMITS, "0:0,"),
        }  # fmt: skip
        made["storage"] = {
            "type": "sqlite", "data_file_path": f"{self._folder}/data/", "messages_ttl_check_in_hours": 1,
            "messages_ttl_in_days": 7, "max_read_records_count": 1000,
        }  # fmt: skip
        made["connectors"] = [{"type": "mqtt", "name": "boards", "configuration": "mqtt.json"}]
        (self._folder / "tb_gateway.json").write_text(json.dumps(made))
        logs = json.loads((self._shipped / "logs.json").read_text())
        for logger in logs.get("loggers", {}).values():
            logger["level"] = "WARNING"
        (self._folder / "logs.json").write_text(json.dumps(logs))


def _connector(broker: int) -> Json:
    return {
        "name": "boards",
        "broker": {
            "host": "127.0.0.1", "port": broker, "clientId": "gateway", "version": 4,
            "maxMessageNumberPerWorker": 10, "maxNumberOfWorkers": 100, "cleanSession": False,
            "security": {"type": "anonymous"},
        },
        "mapping": [{
            "topicFilter": FILTER,
            "subscriptionQos": 1,
            "converter": {
                "type": "json",
                "deviceInfo": {
                    "deviceNameExpressionSource": "topic",
                    "deviceNameExpression": "(?<=bw1/shop/)(.*?)(?=/json)",
                    "deviceProfileExpressionSource": "constant",
                    "deviceProfileExpression": "default",
                },
                "sendDataOnlyOnChange": False,
                "timeout": 60000,
                "attributes": [],
                "timeseries": [{"type": kind, "key": key, "value": f"${{{key}}}"} for kind, key in FIELDS],
            },
        }],
        "requestsMapping": {name: [] for name in (
            "attributeRequests", "attributeUpdates", "connectRequests", "disconnectRequests", "serverSideRpc"
        )},
    }  # fmt: skip


def _cents(message: Any) -> Iterator[int]:
    """The cents in a stored message (one device each) or in a forwarded one (several devices)."""
    if isinstance(message, dict):
        for key, value in message.items():
            if key == "cents":
                yield int(value)
            else:
                yield from _cents(value)
    elif isinstance(message, list):
        for value in message:
            yield from _cents(value)
