"""Puts the parts of a board together; on CPython, `python -m firmware.app FOLDER`."""

import asyncio
import time

from firmware import inputs, settings
from firmware.board import open_board
from firmware.clock import Clock
from firmware.commands import Commands
from firmware.link import Link
from firmware.log import Log
from firmware.outbox import Outbox
from firmware.version import VERSION
from firmware.wire import event

BOOT_PATH = "boot_count"
TICK_S = 0.25
RETRY_S = 1
RESTART_S = 5


class App:
    """One board's application. `emit` is its face to whoever writes inputs."""

    def __init__(self, board, config):
        self._board = board
        self._config = config
        self.log = Log(board)
        self.boot = self._count_boot()
        self._clock = Clock(board, config.floor)
        self._box = Outbox(board, config.outbox_bytes)
        self._box.flushed = self._flushed
        self._reported = 0  # refusals that a `device.refused` has told about
        self._heap_low = None
        self._lit = False
        self._commands = Commands(board, config, self._clock, self.log, self)
        self.command = self._commands.take
        self._link = Link(board, config, self._box, self)
        self._inputs = [inputs.build(each, board, self.record, self._box) for each in config.inputs]

    def _count_boot(self) -> int:
        flash = self._board.flash
        try:
            count = int(flash.read(BOOT_PATH) or 0) + 1
        except ValueError:
            count = 1
        try:
            flash.replace(BOOT_PATH, b"%d" % count)
        except OSError as error:
            self.log.warning("boot count:", error)  # a flash that does not write must not stop the board
        return count

    # --- events

    def emit(self, kind, fields, critical=False, volatile=False) -> bool:
        """Take an event; False when the outbox has no room. Raises WireError for a bad event."""
        return bool(self.record(kind, fields, critical, volatile))

    def record(self, kind, fields, critical=False, volatile=False) -> int:
        """As `emit`, but gives the event's seq, or 0."""
        now = self._clock.now()
        each = event.Event(kind, fields, self.boot, self._board.uptime_ms(), now, self._clock.quality)
        return self._box.add(event.encode(each), critical, volatile)

    def _flushed(self) -> None:
        self._link.wake()
        for each in self._inputs:
            each.wake()

    # --- what the link asks

    def facts(self) -> dict[str, object]:
        """For the state message: see wire.state.FIELDS."""
        board, box = self._board, self._box
        free = board.heap_free()
        if free is not None:
            self._heap_low = min(free, self._heap_low or free)
        return {
            "epoch": box.epoch,
            "boot": self.boot,
            "uptime_ms": board.uptime_ms(),
            "firmware": VERSION,
            "reset": board.reset_cause(),
            "heap_free": free,
            "heap_low": self._heap_low,
            "outbox_waiting": box.last - box.acked,
            "outbox_full": box.full_percent(),
            "refused": box.refused,
            "rssi": board.rssi(),
        }

    def heard_time(self, at_ms: int) -> None:
        """The edge told its time."""
        self._clock.learn(at_ms, event.EDGE)

    # --- running

    async def run(self) -> None:
        """Work for ever."""
        cause = self._board.reset_cause()
        self.log.info("firmware %s, boot %d, reset: %s" % (VERSION, self.boot, cause))
        self.emit("device.started", {"reason": cause})
        if self._config.watchdog_ms:
            self._board.arm_watchdog(self._config.watchdog_ms)
        tasks = [asyncio.create_task(self._link.run())]
        tasks += [asyncio.create_task(self._keep(each)) for each in self._inputs]
        while True:
            self._tick()
            await asyncio.sleep(TICK_S)

    async def _keep(self, each) -> None:
        """Run an input for ever: one that fails must neither stay dead nor take others along."""
        while True:
            try:
                await each.run()
            except Exception as error:
                self.log.warning("input:", type(error).__name__, error)
            await asyncio.sleep(RETRY_S)

    def _tick(self) -> None:
        self._board.feed()
        self._box.tick()
        self._clock.tick()
        self._report_refused()
        self._show()
        restart_at = self._commands.restart_at
        if restart_at is not None and self._board.uptime_ms() >= restart_at:
            self._box.close()
            self._board.reset()

    def _show(self) -> None:
        """The LED is on while there is no room for events, and blinks for who looks for the board."""
        self._lit = not self._lit if self._commands.blinks() else self._box.is_refusing
        self._board.led(self._lit)

    def _report_refused(self) -> None:
        """Once there is room again, tell how many events there was none for."""
        count = self._box.refused - self._reported
        if not count:
            return
        before = self._box.refused
        # As volatile, or small reports would fill the last corner that an order does not fit into.
        if self.emit("device.refused", {"count": count}, volatile=True):
            self._reported += count
        else:
            self._box.refused = before  # our own report is nothing that anyone missed


def main(root: str) -> None:
    """Run the board whose file system is at `root`. Settings that cannot be used end it; any
    other failure is a restart, for nobody stands beside the board to press reset."""
    board = open_board(root)
    app = App(board, settings.load(board.flash))
    try:
        asyncio.run(app.run())
    except Exception as error:
        app.log.warning("app:", type(error).__name__, error)
        time.sleep(RESTART_S)
        board.reset()


if __name__ == "__main__":
    import sys

    main(sys.argv[1])
