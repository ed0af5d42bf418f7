"""A program with all that it starts, to measure its memory and to end it as a whole."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from server.child import dies_with

STOP_S = 10.0
PAGE = os.sysconf("SC_PAGE_SIZE")


class Process:
    """One run in a session of its own; its output goes to `folder`/log."""

    def __init__(self, argv: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None) -> None:
        with (folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                argv, cwd=folder, env={**os.environ, **(environ or {})}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, preexec_fn=dies_with(os.getpid()),
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def memory(self) -> float:
        """MB resident in all processes of the session."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                told = stat.read_text().rpartition(")")[2].split()
                total += int(told[21]) if int(told[3]) == self._process.pid else 0
        return total * PAGE / (1 << 20)

    def stop(self) -> None:
        """Let it end."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
