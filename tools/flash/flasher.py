"""The steps of flashing. Nothing is changed before all is checked; from then on a cut at any moment leaves
a board that the same command, run again, completes."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from server.errors import BoardwalkError
from tools.flash import outbox
from tools.flash.board import Facts, OnFlash, SerialBoard
from tools.flash.edge import TargetEdge, TargetSite
from tools.flash.plan import PROGRAMS, CopyPlan, folders, plan
from tools.flash.request import FlashRequest
from tools.flash.waiting import wait_for_start
from tools.output import Json
from tools.release.slot import MPY_VERSION, slot

LEAST_VERSION = (1, 22, 0)  # the first with the TLS contexts that the firmware uses
LEAST_MEMORY = 60 * 1024  # bytes of heap that are free before anything is imported
MARKER = "/flash.json"  # the device that a board is going to be, while it is flashed
CA_PATHS = ("/ca.der", "/ca2.der")
MARKS = {"/boot.py": b"/slot_a", "/main.py": b"firmware.app"}  # in every version of ours

Tell = Callable[[str, float], None]  # the present step, and the share of all that is done, 0 to 1


@dataclass(frozen=True)
class Flashed:
    """A board that was flashed.

    device: its name. site: its place. port: the serial port. micropython: its version. files: how many the
    firmware has. copied: how many of them were copied. kept: programs of somebody else that were there, under
    their new names. event_s: seconds from the reset to the commit of its first event.
    """

    device: str
    site: str
    port: str
    micropython: str
    files: int
    copied: int
    kept: list[str]
    event_s: float


@dataclass(frozen=True)
class BoardBefore:
    """A board before it is changed.

    facts: its kind and free room. files: ours on its flash, by path. settings: those of /settings.json.
    owner: site and device that it belongs to. marked: site and device of a flashing that was not completed.
    boot: the number of its latest start.
    """

    facts: Facts
    files: dict[str, OnFlash]
    settings: Json
    owner: tuple[object, object]
    marked: tuple[object, object]
    boot: int


class Flasher:
    """Flashes one board. tell: shows progress. agree: asks a person, and raises BoardwalkError for a no."""

    def __init__(
        self,
        board: SerialBoard,
        edge: TargetEdge,
        request: FlashRequest,
        tell: Tell,
        agree: Callable[[str], None],
    ) -> None:
        self._board = board
        self._edge = edge
        self._request = request
        self._tell = tell
        self._agree = agree

    def run(self) -> Flashed:
        """Flash the board and see it work. Raises BoardwalkError, which says what to do."""
        site, before, changes = self._check()
        try:
            kept = self._change(site, before, changes)
            newest = self._edge.newest(self._request.name)
            self._tell("Waiting for its first event", 0.95)
            self._board.reset()
        except BoardwalkError as error:
            unfinished = "; the board is not finished: run the same command again."
            raise BoardwalkError(error.sentence.rstrip(".") + unfinished) from error
        took = wait_for_start(
            self._board.line, self._edge, self._request.name, newest["id"] if newest else 0, before.boot
        )
        self._tell("Done", 1)
        version = ".".join(map(str, before.facts.version))
        return Flashed(
            self._request.name, site.name, self._board.line.port, version, len(slot()), changes.copied, kept,
            round(took, 1),
        )  # fmt: skip

    def _check(self) -> tuple[TargetSite, BoardBefore, CopyPlan]:
        """Check what can be checked without a change, so that a board that must not be flashed works on."""
        self._tell("Asking the edge", 0)
        site = self._edge.site()
        self._request.settings(site, "", {}, has_ca=True)
        self._tell("Waiting for the prompt", 0.02)
        self._board.attend()
        try:
            return site, *self._inspect(site)
        except BoardwalkError:
            self._board.let_go()
            raise

    def _inspect(self, site: TargetSite) -> tuple[BoardBefore, CopyPlan]:
        self._tell("Looking at the board", 0.1)
        before = self._look()
        self._tell("Compiling", 0.2)
        changes = plan(before.facts, before.files, slot())
        self._check_room(changes)
        self._check_owner(site, before)
        self._request.settings(site, "", before.settings, CA_PATHS[0] in before.files)
        return before, changes

    def _change(self, site: TargetSite, before: BoardBefore, changes: CopyPlan) -> list[str]:
        """Change the board, which takes effect with its next reset; the programs that were kept."""
        self._tell("Quieting the board", 0.25)
        self._board.quiet()
        self._write_firmware(changes, site, before)
        self._write_identity(site, before)
        return self._switch_over()

    # --- looking

    def _look(self) -> BoardBefore:
        facts = self._board.facts()
        _check_kind(facts)
        files = self._board.files()
        settings = _object(self._board.read("/settings.json"))
        marker = _object(self._board.read(MARKER)) if MARKER in files else {}
        count = (self._board.read("/boot_count") or b"").partition(b" ")[0].strip()
        return BoardBefore(
            facts, files, settings,
            (settings.get("site"), settings.get("device")), (marker.get("site"), marker.get("device")),
            int(count) if count.isdigit() else 0,
        )  # fmt: skip

    def _check_room(self, changes: CopyPlan) -> None:
        if not changes.short:
            return
        largest = ", ".join(f"/{name} {size / 1024:.0f} KiB" for name, size in self._board.sizes()[:3])
        waiting = self._waiting()
        events = f", {waiting} undelivered events in /outbox" if waiting else ""
        raise BoardwalkError(
            f"The flash of the board has no room for the firmware, {changes.short / 1024:.0f} KiB are "
            f"missing; on it are {largest}{events}: remove what is not needed with "
            f"mpremote connect {self._board.line.port} fs rm."
        )

    def _waiting(self) -> int:
        return outbox.waiting(self._board.read, self._board.names)

    def _check_owner(self, site: TargetSite, before: BoardBefore) -> None:
        me = (site.name, self._request.name)
        if before.owner not in (me, (None, None)):
            waiting = self._waiting()
            if waiting:
                raise BoardwalkError(
                    f"The board holds up to {waiting} events of {before.owner[1]} at {before.owner[0]} that "
                    "its edge does not have; let it run beside that edge for a minute first, or remove them "
                    f"with mpremote connect {self._board.line.port} fs rm -r :/outbox."
                )
        if me not in (before.owner, before.marked) and self._edge.knows(self._request.name):
            self._agree(
                f"There is a device {self._request.name} already, and this board is not it; the one that is "
                "will be cut off"
            )

    # --- writing

    def _write_firmware(self, changes: CopyPlan, site: TargetSite, before: BoardBefore) -> None:
        board = self._board
        self._tell("Making room", 0.3)
        board.remove(changes.stale)
        board.put(MARKER, json.dumps({"site": site.name, "device": self._request.name}).encode())
        if before.owner not in ((site.name, self._request.name), (None, None)):
            board.clear("/outbox")  # all events are delivered, and its numbers belong to another device
        board.make_folders(folders(changes.write))
        for number, (path, data) in enumerate(changes.write.items()):
            self._tell(f"Copying {path.rsplit('/', 1)[1]}", 0.3 + 0.5 * number / len(changes.write))
            board.put(path, data)

    def _write_identity(self, site: TargetSite, before: BoardBefore) -> None:
        board, request = self._board, self._request
        self._tell("Registering", 0.82)
        secret = self._edge.credentials(request.name)
        self._tell("Writing settings", 0.86)
        values = request.settings(site, secret, before.settings, CA_PATHS[0] in before.files)
        board.put("/settings.json", json.dumps(values).encode())
        for path, certificate in zip(CA_PATHS, request.certificates, strict=False):
            board.put(path, certificate)
        if request.certificates:
            board.remove(CA_PATHS[len(request.certificates) :])

    def _switch_over(self) -> list[str]:
        board, kept = self._board, []
        self._tell("Switching over", 0.9)
        for path in PROGRAMS:
            settled = board.settle(path, slot()[path], MARKS[path])
            if settled == "old":
                kept.append(path + ".old")
            if settled != "same":
                board.put(path, slot()[path])
        board.remove([MARKER])
        return kept


def _object(data: bytes | None) -> Json:
    try:
        told = json.loads(data or b"{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _check_kind(facts: Facts) -> None:
    version = ".".join(map(str, facts.version))
    if facts.implementation != "micropython":
        raise BoardwalkError(
            f"The board runs {facts.implementation} {version}; Boardwalk needs MicroPython, from "
            "https://micropython.org/download."
        )
    if facts.version < LEAST_VERSION or facts.mpy != MPY_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        raise BoardwalkError(
            f"The board has MicroPython {version} (.mpy version {facts.mpy}); Boardwalk needs {least} or "
            f"newer with .mpy version {MPY_VERSION}: update it from https://micropython.org/download."
        )
    if facts.memory_free < LEAST_MEMORY:
        raise BoardwalkError(
            f"The board has {facts.memory_free // 1024} KiB of memory free; Boardwalk needs "
            f"{LEAST_MEMORY // 1024} KiB."
        )
