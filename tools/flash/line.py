"""The conversation with a board at its serial port: stock mpremote, with an end to every wait."""

import struct
import time
from contextlib import suppress

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from server.errors import BoardwalkError
from tools.ports import why

READ_S = 2.0
ANSWER_S = 4.0  # at most without a byte of an answer; hashing and erasing take less
WRITE_S = 5.0
QUIET_S = 0.06
MOST_NOISE_S = 1.0
BOOT_S = 6.0  # for boot.py after a soft reset; a longer one is interrupted
ANSWER_TO_INTERRUPT_S = 0.5  # for an answer to a Ctrl-C
ASKED = 3  # Ctrl-Cs one by one; then a board may have to be caught between a reset and main.py
FLOOD_S = 1.0
BETWEEN_S = 0.01  # Ctrl-Cs in a flood: main.py follows a reset closely
REOPEN_S = 0.2
KEPT_BYTES = 4096

RAW = b"raw REPL; CTRL-B to exit\r\n"
INTERRUPT, ENTER_RAW, SOFT_RESET = b"\r\x03\x03", b"\x01", b"\x04"


class LineBroken(Exception):
    """The conversation broke: by a reset, a pulled plug. The code may have run in part."""


class CodeFailed(Exception):
    """Our code raised an exception on the board. The text is its traceback."""


class Wire(SerialTransport):  # type: ignore[misc]
    """mpremote's transport, which by itself waits ten seconds for the next byte of a board that is gone."""

    def read_until(self, least: int, ending: bytes, timeout: float = ANSWER_S, **more: object) -> bytes:
        """The bytes that come, up to `ending` or a pause of `timeout` seconds."""
        read: bytes = super().read_until(least, ending, timeout=timeout, **more)
        return read


class Line:
    """A serial port and the board behind it. Nothing is sent before `attend`."""

    def __init__(self, port: str) -> None:
        self.port = port
        self.heard = b""  # the latest output that answers no question of ours
        self._wire: Wire | None = None

    @property
    def is_open(self) -> bool:
        """Whether the port is open; it is not when the board was pulled out."""
        return self._wire is not None

    def open(self) -> None:
        """Open the port. Raises BoardwalkError when it cannot be opened."""
        try:
            self._connect()
        except OSError as error:
            raise BoardwalkError(_why(self.port, error)) from error

    def close(self) -> None:
        """Close the port."""
        wire, self._wire = self._wire, None
        if wire is not None:
            with suppress(OSError):
                wire.close()

    def attend(self, limit_s: float) -> None:
        """Bring the board to the prompt for programs, where nothing runs, whatever it does now.

        Raises BoardwalkError when it does not come within the limit.
        """
        end = time.monotonic() + limit_s
        interrupts, may_restart = 0, True
        while time.monotonic() < end:
            try:
                self._connect()
                if interrupts >= ASKED:
                    self._hammer()
                if self._interrupt():
                    if not may_restart or self._restart():
                        self._synchronize()
                        return
                    may_restart = False
                interrupts += 1
            except (OSError, LineBroken):
                self.close()
                time.sleep(REOPEN_S)
        raise BoardwalkError(self._silent(limit_s))

    def run(self, code: str) -> str:
        """The output of code that runs on the board. Raises LineBroken and CodeFailed."""
        try:
            printed, error_output = self._open_wire().exec_raw(code, timeout=ANSWER_S)
        except (TransportError, OSError, struct.error) as error:
            raise LineBroken(str(error)) from error
        if error_output:
            raise CodeFailed(error_output.decode(errors="replace").strip())
        return str(printed, errors="replace")

    def start(self, code: str) -> None:
        """Let the board run code that never answers, as a reset. Raises LineBroken."""
        try:
            self._open_wire().exec_raw_no_follow(code)
        except (TransportError, OSError, struct.error) as error:
            raise LineBroken(str(error)) from error

    def listen(self, wait_s: float) -> bytes:
        """The board's output within this time; empty while the port is away."""
        end = time.monotonic() + wait_s
        got = b""
        while time.monotonic() < end:
            try:
                self._connect()
                got += self._read(min(0.05, wait_s))
            except (OSError, LineBroken):
                self.close()
                time.sleep(REOPEN_S)
        return got

    # --- the wire

    def _connect(self) -> None:
        if self._wire is None:
            try:
                self._wire = Wire(self.port, timeout=READ_S)
            except TransportError as error:
                raise OSError(str(error)) from error
            self._wire.serial.write_timeout = WRITE_S

    def _open_wire(self) -> SerialTransport:
        if self._wire is None:
            raise LineBroken("the port is closed")
        return self._wire

    def _write(self, data: bytes) -> None:
        self._open_wire().serial.write(data)

    def _read(self, wait_s: float) -> bytes:
        line = self._open_wire().serial
        line.timeout = wait_s
        try:
            data: bytes = line.read(max(1, line.in_waiting))
        finally:
            line.timeout = READ_S
        self.heard = (self.heard + data)[-KEPT_BYTES:]
        return data

    # --- the prompt

    def _interrupt(self) -> bool:
        """Interrupt the program and ask for the prompt; whether it came."""
        self._write(INTERRUPT + ENTER_RAW)
        return self._wait_for(RAW, ANSWER_TO_INTERRUPT_S)

    def _hammer(self) -> None:
        """Interrupt again and again, to meet a moment in which the board listens."""
        end = time.monotonic() + FLOOD_S
        while time.monotonic() < end:
            self._write(INTERRUPT)
            self._read(BETWEEN_S)

    def _restart(self) -> bool:
        """Do a soft reset, which frees all memory; whether the prompt came back."""
        self._drain()
        self._write(SOFT_RESET)
        return self._wait_for(b"soft reboot\r\n", READ_S) and self._wait_for(RAW, BOOT_S)

    def _synchronize(self) -> None:
        """Leave only one prompt on the line, whose last character mpremote waits for."""
        self._drain()
        wire = self._open_wire()
        wire.serial.write(ENTER_RAW)
        if not wire.read_until(1, RAW, timeout_overall=READ_S).endswith(RAW):
            raise LineBroken("no prompt")
        wire.in_raw_repl = True

    def _wait_for(self, text: bytes, wait_s: float) -> bool:
        end = time.monotonic() + wait_s
        got = b""
        while time.monotonic() < end:
            got = got[-len(text) :] + self._read(0.05)
            if text in got:
                return True
        return False

    def _drain(self) -> None:
        end = time.monotonic() + MOST_NOISE_S
        while time.monotonic() < end and self._read(QUIET_S):
            pass

    def _silent(self, limit_s: float) -> str:
        whole = self.heard.rpartition(b"\n")[0] or self.heard  # the end may be the beginning of a line
        said = [line.strip() for line in whole.decode(errors="replace").splitlines() if line.strip()]
        last = f"; the last it said is {said[-1][:80]!r}" if said else " and it says nothing"
        return (
            f"No MicroPython answers at {self.port} within {limit_s:.0f} s{last}: check the port and that "
            "MicroPython is on the board, run the command again, and press the board's reset button then."
        )


def _why(port: str, error: OSError) -> str:
    """The reason why a port does not open; mpremote hides it, so the port is opened once more."""
    try:
        serial.Serial(port, exclusive=True).close()
    except OSError as reason:  # of which SerialException is one
        return why(port, reason)
    return f"{port} cannot be opened ({error}); try again."
