"""The inputs that make events: debounced buttons, and a serial line to which tills write orders."""

import asyncio

from firmware.button import Button
from firmware.errors import SettingsError

BAUD = 115200
CHUNK = 512
MAX_LINE = 300  # bytes
MAX_AHEAD = 64  # lines taken whose answer is not written yet
CASTS = {"text": str, "int": int, "float": float}


class Serial:
    """Lines of comma-separated values become events, and each line gets one answer, in order:
    `ok <epoch> <seq>` when the event is durable on flash, or `no <reason>`.

    config: uart, kind, fields (names, with `:int` or `:float` behind those that are numbers), and
    optional baud and critical. The other side may send up to 32 lines before it reads an answer.
    """

    def __init__(self, config, board, record, box):
        self._config = config
        self._board = board
        self._record = record
        self._box = box
        self._fields = [_column(text) for text in config["fields"]]
        self._critical = config.get("critical", False)
        self._answers = []  # seq, or the bytes of a refusal, in the order of the lines
        self._woken = asyncio.Event()
        self._half = b""
        self._skipping = False  # within a line that is too long

    def wake(self) -> None:
        """Look for answers, because something became durable."""
        self._woken.set()

    async def run(self) -> None:
        """Read and answer for ever."""
        reader, writer = await self._board.uart(self._config["uart"], self._config.get("baud", BAUD))
        answering = asyncio.create_task(self._answer(writer))
        try:
            while True:
                data = await reader.read(CHUNK)
                if not data:
                    raise OSError("the serial port is closed")
                self.take(data)
                self._woken.set()
                while len(self._answers) > MAX_AHEAD:
                    await asyncio.sleep(0.01)
        finally:
            answering.cancel()

    def take(self, data: bytes) -> None:
        lines = (self._half + data).split(b"\n")
        self._half = lines.pop()
        for line in lines:
            self._answers.append(b"no too long\n" if self._skipping else self._line(line))
            self._skipping = False
        if len(self._half) > MAX_LINE:
            self._half, self._skipping = b"", True
        if self._critical:
            self._box.flush()  # one flush for all lines that came together

    def _line(self, line: bytes) -> int | bytes:
        """Take one line; its seq or its refusal."""
        if len(line) > MAX_LINE:
            return b"no too long\n"
        try:
            values = str(line, "utf-8").strip("\r").split(",")
            if len(values) != len(self._fields):
                return b"no %d values, want %d\n" % (len(values), len(self._fields))
            fields = {}
            for (name, cast), value in zip(self._fields, values):  # noqa: B905 - MicroPython has no strict
                fields[name] = cast(value)
            return self._record(self._config["kind"], fields) or b"no full\n"
        except ValueError as error:
            return b"no " + str(error).encode() + b"\n"

    async def _answer(self, writer) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            out = self.ready()
            if out:
                writer.write(out)
                await writer.drain()

    def ready(self) -> bytes:
        """Remove and return the answers that can be given."""
        out, durable = [], self._box.durable
        for answer in self._answers:
            if isinstance(answer, int):
                if answer > durable:
                    break
                answer = b"ok %d %d\n" % (self._box.epoch, answer)
            out.append(answer)
        self._answers = self._answers[len(out) :]
        return b"".join(out)


def build(config, board, record, box):
    """The input that a checked part of the settings describes. Raises SettingsError."""
    try:
        if config["type"] == "button":
            return _button(config, board, record)
        return Serial(config, board, record, box)
    except (ValueError, TypeError) as error:  # no such pin
        raise SettingsError("settings: inputs: a %s: %s" % (config["type"], error))


def _button(config, board, record):
    """One event per press. config: pin and kind; optional fields, active (the level, 1) and critical."""
    active = config.get("active", 1)

    def pressed():
        record(config["kind"], config.get("fields", {}), config.get("critical", False))

    return Button(board.pin(config["pin"], active == 0), active, pressed)


def _column(text: str):
    name, _, kind = text.partition(":")
    return name, CASTS[kind or "text"]
