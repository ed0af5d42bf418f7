"""Installs the other products into a scratch folder, each by its own package manager."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

NODE_RED = ("node-red@4.1.15", "node-red-node-sqlite@1.1.1")
THINGSBOARD = "thingsboard-gateway==3.8.5"
LIMIT_S = 600.0
TELL_S = 10.0


class NotInstalled(Exception):
    """A product could not be installed; the text is a sentence that says why."""


class Installer:
    """Installs under `root`; a product that is there in the same version stays."""

    def __init__(self, root: Path, progress: Console) -> None:
        self._root = root.resolve()
        self._progress = progress

    def node_red(self) -> Path:
        """The folder whose node_modules has it. Raises NotInstalled."""
        if shutil.which("npm") is None:
            raise NotInstalled("Node-RED needs node and npm; make deps installs them.")
        return self._installed("node-red", NODE_RED, _node_red)

    def thingsboard(self) -> Path:
        """The virtual environment that has it. Raises NotInstalled."""
        return self._installed("thingsboard-gateway", (THINGSBOARD,), _thingsboard)

    def _installed(
        self, name: str, packages: Sequence[str], commands: Callable[[Path], list[list[str]]]
    ) -> Path:
        folder = self._root / name
        stamp = folder / ".installed"
        if stamp.exists() and stamp.read_text() == " ".join(packages):
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for command in commands(folder):
            self._run(name, command, folder)
        stamp.write_text(" ".join(packages))
        return folder

    def _run(self, name: str, command: list[str], folder: Path) -> None:
        self._progress.print(f"installing {name}: {' '.join(Path(part).name for part in command)} ...")
        log, began = self._root / f"{name}.log", time.monotonic()
        with log.open("w") as output:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        while True:
            try:
                process.wait(TELL_S)
                break
            except subprocess.TimeoutExpired:
                passed = time.monotonic() - began
                self._progress.print(f"  {passed:.0f} s ...")
                if passed > LIMIT_S:
                    process.kill()
        if process.returncode:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise NotInstalled(f"{name} could not be installed ({' '.join(last)}); see {log}.")


def _node_red(folder: Path) -> list[list[str]]:
    (folder / "package.json").write_text('{"private": true}\n')
    return [["npm", "install", "--no-audit", "--no-fund", "--save-exact", *NODE_RED]]


def _thingsboard(folder: Path) -> list[list[str]]:
    pip = str(folder / "bin" / "pip")
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [pip, "install", "--quiet", "--disable-pip-version-check", THINGSBOARD],
    ]
