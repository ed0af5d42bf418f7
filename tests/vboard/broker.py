"""A mosquitto of our own, on a free port of loopback."""

import base64
import getpass
import hashlib
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.patience import PATIENCE_S
from tools.children import free_port

ITERATIONS = 101
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
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("mosquitto does not listen")

    def let_in(self, users: dict[str, str]) -> None:
        """From now on only these, with these passwords; the others are disconnected."""
        passwords = self._config.with_name("passwords")
        passwords.write_text("".join(f"{name}:{_hashed(word)}\n" for name, word in users.items()))
        passwords.chmod(0o600)
        log = self._config.with_name("mosquitto.log")
        more = f"password_file {passwords}\nlog_type notice\nlog_dest file {log}\n"
        told = self._config.read_text().replace("allow_anonymous true", "allow_anonymous false")
        if more not in told:
            self._config.write_text(told + more)
            self.restart()
        elif self._process:
            self._process.send_signal(signal.SIGHUP)

    def refusals(self) -> int:
        """How often somebody was not let in."""
        log = self._config.with_name("mosquitto.log")
        return log.read_text().count("not authorised") if log.exists() else 0

    def listen_tls(self, certificate: Path, key: Path) -> int:
        """Restart with a TLS listener as well; its port."""
        port = free_port()
        more = f"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\n"
        self._config.write_text(self._config.read_text() + more)
        self.restart()
        return port

    def restart(self) -> None:
        """Also reads its certificate anew."""
        self.stop()
        self.start()

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def _hashed(password: str) -> str:
    """As mosquitto_passwd writes it: PBKDF2 with SHA-512."""
    salt = b"twelve bytes"
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"
