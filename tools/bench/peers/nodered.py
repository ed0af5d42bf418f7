"""Node-RED: mqtt in, a function, a prepared INSERT of its sqlite node; the database in WAL."""

import json
import sqlite3
from pathlib import Path

from tools.bench.peers.peer import FILTER
from tools.bench.peers.process import Process
from tools.children import free_port

FUNCTION = (
    "const p = msg.payload; msg.params = {$kind: p.kind, $customer: p.customer, $cents: p.cents, "
    "$body: JSON.stringify(p)}; return msg;"
)
INSERT = "INSERT INTO event (kind, customer, cents, body) VALUES ($kind, $customer, $cents, $body)"


class NodeRed:
    """One flow from the broker to a table. program: where it is installed."""

    def __init__(self, program: Path, folder: Path, broker: int) -> None:
        self._program = program
        self._folder = folder
        self._database = folder / "events.db"
        connection = sqlite3.connect(self._database)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE event (id INTEGER PRIMARY KEY, kind TEXT, customer TEXT, cents INTEGER, body TEXT)"
        )
        connection.commit()
        connection.close()
        (folder / "flows.json").write_text(json.dumps(_flow(self._database, broker)))
        (folder / "settings.js").write_text(
            f"module.exports = {{flowFile: 'flows.json', uiPort: {free_port()}, uiHost: '127.0.0.1', "
            "httpAdminRoot: false, telemetry: {enabled: false}, functionExternalModules: false};"
        )
        (folder / "node_modules").symlink_to(program / "node_modules")
        (folder / "package.json").write_bytes((program / "package.json").read_bytes())
        self.start()

    def start(self) -> None:
        """Start it."""
        red = self._program / "node_modules" / "node-red" / "red.js"
        settings = self._folder / "settings.js"
        argv = ["node", str(red), "-u", str(self._folder), "-s", str(settings)]
        self.process = Process(argv, self._folder)

    def settle(self) -> None:
        """Nothing has to be done."""

    def rows(self) -> int:
        """Rows of the table."""
        return int(self._read("SELECT coalesce(max(id), 0) FROM event")[0])

    def numbers(self) -> list[int]:
        """Their cents."""
        return self._read("SELECT cents FROM event")

    def close(self) -> None:
        """End it."""
        self.process.stop()

    def _read(self, query: str) -> list[int]:
        with sqlite3.connect(self._database) as connection:
            found = [number for (number,) in connection.execute(query)]
        connection.close()
        return found


def _flow(database: Path, broker: int) -> list[dict[str, object]]:
    # ids that are not a word of the flow: Node-RED takes any such value for a reference
    return [
        {"id": "n1", "type": "tab", "label": "events"},
        {"id": "n2", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(broker),
         "clientid": "node-red", "autoConnect": True, "usetls": False, "protocolVersion": "4",
         "keepalive": "60", "cleansession": False},
        {"id": "n3", "type": "sqlitedb", "db": str(database), "mode": "RWC"},
        {"id": "n4", "type": "mqtt in", "z": "n1", "topic": FILTER, "qos": "1", "datatype": "json",
         "broker": "n2", "wires": [["n5"]]},
        {"id": "n5", "type": "function", "z": "n1", "func": FUNCTION, "outputs": 1,
         "wires": [["n6"]]},
        {"id": "n6", "type": "sqlite", "z": "n1", "mydb": "n3", "sqlquery": "prepared",
         "sql": INSERT, "wires": [[]]},
    ]  # fmt: skip
