"""Runs the program of the board's owner, /app.py, and stays alive whatever it does.

    def setup(board):              # called once at the start; may be async
        board.on_press(4, pressed)

    async def main(board):         # optional: runs for ever
        ...

A board loads this module only when there is such a file.
"""

import asyncio
import io
import sys

from firmware.button import Button
from firmware.log import clean

KIND = "app.failed"
REPORT_MS = 60_000  # between two reports of an exception, at least
PAUSE_S = 1
PAUSE_MOST_S = 60
ENDS = (KeyboardInterrupt, asyncio.CancelledError)  # by a person at the prompt, and by `Program.run`


class Interface:
    """The board as /app.py gets it.

    Functions that are handed over may be `async def`. An exception in one is reported as `app.failed`, and
    it is called again the next time. A call that blocks for long stops the whole board: sleep with asyncio.
    """

    def __init__(self, board, log, record, program):
        self._board = board
        self._log = log
        self._record = record
        self._program = program

    def emit(self, kind: str, fields: dict[str, object], critical: bool = False) -> bool:
        """Tell the edge what happened, as `emit("order.placed", {"cents": 450})`; the board keeps it until
        the edge has it. critical: whether it is on flash before this returns, else within seconds. False when
        there is no room. Raises WireError for a kind or fields that an event cannot have."""
        return bool(self._record(kind, fields, critical))

    def log(self, *words) -> None:
        """Say something at the serial port and in the log that `boardwalk monitor` shows."""
        self._log.info(*words)

    def pin(self, number: int, pull_up: bool = False):
        """A function that reads a pin: 0 or 1."""
        return self._board.pin(number, pull_up)

    def adc(self, number: int):
        """A function that reads an analog input: 0 to 65535."""
        return self._board.adc(number)

    def battery(self, percent: int) -> None:
        """Tell the charge of the battery, 0 to 100 percent, which the edge gets with the next heartbeat."""
        self._board.battery = max(0, min(100, int(percent)))

    async def uart(self, number: int, baud: int = 9600, **more):
        """Reader and writer (asyncio streams) of a serial port; `more` as for machine.UART: tx, rx, ..."""
        return await self._board.uart(number, baud, **more)

    def every(self, seconds: float, function) -> None:
        """Call a function without arguments now, and again `seconds` after each call."""
        self._program.start(self._repeat(float(seconds), _callable(function)))

    async def _repeat(self, seconds: float, function) -> None:
        while True:
            await self._program.call(function)
            await asyncio.sleep(seconds)

    def on_press(self, number: int, function, active: int = 1) -> None:
        """Call a function without arguments each time that a button at a pin goes to its active level and
        stays there for 20 ms. active=0: the button closes to ground, and the pin is pulled up."""
        start, call = self._program.start, self._program.call
        _callable(function)
        start(Button(self._board.pin(number, active == 0), active, lambda: start(call(function))).run())


class Program:
    """/app.py and the tasks that it started. record: takes kind, fields, critical and volatile."""

    def __init__(self, board, log, record):
        self._board = board
        self._log = log
        self._record = record
        self.interface = Interface(board, log, record, self)
        self.tasks = []
        self._failures = 0  # how many no event has told about
        self._report_at = 0

    async def run(self) -> None:
        """Work for ever: when setup or main fails, the program starts anew after a pause."""
        pause_s = PAUSE_S
        while True:
            began = self._board.uptime_ms()
            try:
                await self._work()
            except ENDS:
                raise
            except BaseException as error:
                self.failed(error)
            for task in self.tasks:
                task.cancel()
            self.tasks = []
            if self._board.uptime_ms() - began > PAUSE_MOST_S * 1000:
                pause_s = PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MOST_S)

    async def _work(self) -> None:
        sys.modules.pop("app", None)  # a module that failed half-way is loaded again
        found = __import__("app")
        parts = [getattr(found, name, None) for name in ("setup", "main")]
        if parts == [None, None]:
            raise ValueError("it defines neither setup(board) nor main(board)")
        for part in parts:
            if part:
                await _finished(part(self.interface))
        while True:
            await asyncio.sleep(PAUSE_MOST_S)

    def start(self, coroutine) -> None:
        """Run something until the program ends."""
        self.tasks = [task for task in self.tasks if not task.done()]
        self.tasks.append(asyncio.create_task(coroutine))

    async def call(self, function) -> None:
        """Call a function of the program."""
        try:
            await _finished(function())
        except ENDS:
            raise
        except BaseException as error:
            self.failed(error)

    def failed(self, error) -> None:
        """Report an exception, or only count it when the latest report is not a minute old."""
        self._failures += 1
        now = self._board.uptime_ms()
        if now < self._report_at:
            return
        self._report_at = now + REPORT_MS
        reason = clean(described(error))
        self._log.warning("app.py:", reason)
        # As volatile, because orders may need the room more.
        if self._record(KIND, {"reason": reason, "count": self._failures}, False, True):
            self._failures = 0


def _callable(function):
    """Check a function at once, where the line of /app.py is known; `every(5, look())` has called it."""
    if not callable(function):
        raise TypeError("a function is wanted, without (): not " + str(function))
    return function


async def _finished(result) -> None:
    if hasattr(result, "send"):  # a coroutine, on MicroPython and on CPython
        await result


def described(error) -> str:
    """The place and the error, as `app.py line 3, in setup: ValueError: no sensor`.

    Lines of the firmware and of asyncio do not count as the place.
    """
    what = type(error).__name__
    try:
        text = str(error)
        what += ": " + text if text else ""
    except Exception:
        pass  # an error of the program's own class, whose text fails
    for line in reversed(_traceback(error).split("\n")):
        if 'File "' in line and "firmware/" not in line and "asyncio/" not in line:
            file, _, rest = line.strip()[6:].partition('"')
            return "%s%s: %s" % (file.split("/")[-1], rest.replace(",", "", 1), what)
    return what


def _traceback(error) -> str:
    text = io.StringIO()
    try:
        if hasattr(sys, "print_exception"):
            sys.print_exception(error, text)
        else:
            import traceback

            traceback.print_exception(error, file=text)
    except Exception:
        pass  # no memory, or no text: the part that was written is used
    return text.getvalue()
