"""Puts the parts of a board together; on CPython, `python -m firmware.app FOLDER`."""

import asyncio
import gc
import time

from firmware.board import open_board
from firmware.clock import Clock
from firmware.commands import Commands
from firmware.errors import SettingsError
from firmware.link import Link
from firmware.log import Log
from firmware.outbox import Outbox
from firmware.segment import MOST
from firmware.transient import module
from firmware.troubles import Troubles
from firmware.version import VERSION
from firmware.wire import event
from firmware.wire.errors import WireError

PROGRAM_PATH = "app.py"
TICK_S = 0.25
WELL_MS = 60_000  # a start that lived this long has not failed, whatever comes then
RETRY_S = 1
RESTART_S = 5


class App:
    """One board's application. Inputs call its `emit`.

    boot: the number of this start. is_safe: whether it has only the link and commands, and nothing else that
    could fail.
    """

    def __init__(self, board, config, log, boot: int, is_safe: bool):
        self._board = board
        self._config = config
        self.log = log
        self.boot = boot
        self._is_safe = is_safe
        self._is_well = is_safe  # in safe mode a start proves nothing
        self.troubles = Troubles(board, log)
        self._clock = Clock(board, config.floor)
        self._box = Outbox(board, config.outbox_bytes)
        self._box.flushed = self._flushed
        self._reported = 0  # refusals that a `device.refused` has told about
        self._heap_low = None
        self._lit = False
        self._broken = None
        self._commands = Commands(board, config, self._clock, self.log, self)
        self.command = self._commands.take
        self._link = Link(board, config, self._box, self)
        self._inputs, self._program = [], None
        if is_safe:
            self.troubles.begin("safe-mode")
        else:
            self._add_parts()

    def _add_parts(self) -> None:
        """Add this board's inputs and program; code that it does not need takes no memory."""
        if self._config.inputs:
            from firmware import inputs

            self._inputs = [
                inputs.build(each, self._board, self.record, self._box) for each in self._config.inputs
            ]
        if PROGRAM_PATH in self._board.flash.names(""):
            from firmware.program import Program

            self._program = Program(self._board, self.log, self.record)

    # --- events

    def emit(self, kind, fields, critical=False, volatile=False) -> bool:
        """Take an event; False when the outbox has no room. Raises WireError for a bad event."""
        return bool(self.record(kind, fields, critical, volatile))

    def record(self, kind, fields, critical=False, volatile=False) -> int:
        """As `emit`, but gives the event's seq, or 0."""
        now = self._clock.now()
        each = event.Event(kind, fields, self.boot, self._board.uptime_ms(), now, self._clock.quality)
        data = event.encode(each)
        if len(data) > MOST:
            raise WireError("an event is at most %d bytes" % MOST)  # an empty outbox would not take it either
        return self._box.add(data, critical, volatile)

    def _flushed(self) -> None:
        self._link.wake()
        for each in self._inputs:
            each.wake()

    # --- for the link

    def facts(self) -> dict[str, object]:
        """The facts of the state message, see wire.state.FIELDS."""
        board, box = self._board, self._box
        free = board.heap_free()
        if free is not None:
            self._heap_low = min(free, self._heap_low or free)
        told = {
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
            "battery": board.battery,
            "mode": "safe" if self._is_safe else None,
        }
        self.troubles.tell(told)
        return told

    def heard_time(self, at_ms: int) -> None:
        """Take over the time that the edge told."""
        self._clock.learn(at_ms, event.EDGE)

    # --- running

    async def run(self) -> None:
        """Work for ever. Raises the error that makes this impossible."""
        self._begin()
        asyncio.get_event_loop().set_exception_handler(self._stray)
        link = asyncio.create_task(self._link.run())
        parts = [asyncio.create_task(self._keep(each)) for each in self._inputs]
        if self._program:
            parts.append(asyncio.create_task(self._program.run()))
        while not self._broken and not link.done():
            self.tick()
            await asyncio.sleep(TICK_S)
        raise self._broken or OSError("the link has ended")

    def _stray(self, _, context) -> None:
        """Take note of a task that ended with an exception and that no other task waits for."""
        error = context.get("exception")
        if isinstance(error, MemoryError):
            self._broken = error  # the next task to end may be one that everything depends on
        elif error and self._program:
            self._program.failed(error)
        elif error:
            self.log.warning("task:", type(error).__name__, error)

    def _begin(self) -> None:
        cause = self._board.reset_cause()
        self.log.info("firmware %s, boot %d, reset: %s" % (VERSION, self.boot, cause))
        fields = {"reason": cause}
        if self._is_safe:
            fields["mode"] = "safe"
        elif self._config.watchdog_ms:
            self._board.arm_watchdog(self._config.watchdog_ms)
        self.emit("device.started", fields)

    async def _keep(self, each) -> None:
        """Run an input for ever; one that fails begins again and does not end the others."""
        while True:
            try:
                await each.run()
            except Exception as error:
                self.log.warning("input:", type(error).__name__, error)
            await asyncio.sleep(RETRY_S)

    def tick(self) -> None:
        self._board.feed()
        self._box.tick()
        self._clock.tick()
        self._report_refused()
        self._show()
        now, restart_at = self._board.uptime_ms(), self._commands.restart_at
        if now >= WELL_MS:
            self._well()
        if restart_at is not None and now >= restart_at:
            self._well()
            if self._commands.restart_safe:
                module("starts").ask_safe(self._board, self.log)
            self._box.close()
            self._board.reset()

    def _well(self) -> None:
        if not self._is_well:
            self._is_well = True
            module("starts").well(self._board, self.log)

    def _show(self) -> None:
        """Let the LED tell what is wrong, or blink without a pause for a person who looks for the board."""
        if self._box.is_refusing:
            self.troubles.begin("outbox-full")
        else:
            self.troubles.end("outbox-full")
        self._lit = not self._lit if self._commands.blinks() else self.troubles.step()
        self._board.led(self._lit)

    def _report_refused(self) -> None:
        """Tell how many events were refused, as soon as there is room again."""
        count = self._box.refused - self._reported
        if not count:
            return
        before = self._box.refused
        # As volatile; otherwise small reports would fill the last room, into which an order does not fit.
        if self.emit("device.refused", {"count": count}, volatile=True):
            self._reported += count
        else:
            self._box.refused = before  # nobody misses our own report


def main(root: str) -> None:
    """Run the board whose file system is at `root`.

    Settings that cannot be used are shown until somebody comes to the prompt. Any other failure is a restart,
    because nobody stands beside the board to press reset.
    """
    board = open_board(root)
    log = Log(board)
    boot, is_safe = module("starts").begin(board, log)
    try:
        _run(board, log, boot, is_safe)
    except KeyboardInterrupt:
        if not is_safe:
            module("starts").well(board, log)  # somebody is at the prompt
        raise


def _run(board, log, boot: int, is_safe: bool) -> None:
    try:
        config = module("settings").load(board.flash)
        gc.collect()  # so that what transient modules leave is used first, and the rest stays in one piece
        asyncio.run(App(board, config, log, boot, is_safe).run())
    except SettingsError as error:
        module("starts").well(board, log)
        _show_settings(board, log, str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a task of the owner's program may raise what it likes
        if is_safe:
            raise  # to the prompt: all that could be left out is left out
        _restart(board, log, error)


def _show_settings(board, log, reason: str) -> None:
    troubles = Troubles(board, log)
    while True:
        troubles.begin("settings", reason)
        board.led(troubles.step())
        time.sleep(TICK_S)


def _restart(board, log, error) -> None:
    try:
        log.warning("app:", type(error).__name__, error)
    except MemoryError:
        pass  # there is no memory left for a line of the log
    time.sleep(RESTART_S)  # time for a person to come to the prompt
    board.reset()


if __name__ == "__main__":
    import sys

    main(sys.argv[1])
