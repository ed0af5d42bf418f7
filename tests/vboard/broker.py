"""A mosquitto of our own, on a free port of loopback."""

import getpass
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tools.children import free_port

PATHS = "/usr/sbin:/usr/local/sbin"


class Broker:
    """A broker process; `stop` and `start` again keep its port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"user {getpass.getuser()}\nlistener {self.port} 127.0.0.1\nallow_anonymous true\n"
            "max_inflight_messages 0\nmax_queued_messages 100000\nlog_type error\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = shutil.which("mosquitto") or shutil.which("mosquitto", path=PATHS)
        assert command, "these tests need mosquitto"
        self._process = subprocess.Popen([command, "-c", str(self._config)])
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("mosquitto does not listen")

    def listen_tls(self, certificate: Path, key: Path) -> int:
        """Restart with a TLS listener as well; its port."""
        port = free_port()
        more = f"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\n"
        self._config.write_text(self._config.read_text() + more)
        self.stop()
        self.start()
        return port

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
