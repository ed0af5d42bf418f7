"""Follows the prompt of a board by its output, without reading or writing anything itself."""

BANNER = b"MicroPython "
FRIENDLY = b'Type "help()" for more information.\r\n>>> '
RAW = b"raw REPL; CTRL-B to exit\r\n"
ENTER_RAW = b"\x01"


class Prompt:
    """raw: whether the board obeys a program (raw REPL) and not a person.

    A real board that is soft reset in raw mode comes back in it. The Unix port comes back with the banner for
    people, so the banner is kept from the port, and raw mode is asked for again.
    """

    def __init__(self) -> None:
        self.raw = False
        self._hiding = False
        self._held = b""
        self._tail = b""

    def begin(self, raw: bool) -> None:
        """Begin a life, in raw mode if `raw`."""
        self.raw = self._hiding = raw
        self._held = self._tail = b""

    def heard(self, printed: bytes) -> tuple[bytes, bytes]:
        """The part of the board's output that goes to the port, and the bytes to type as an answer."""
        if self._hiding:
            return self._without_banner(printed)
        self._follow(printed)
        return printed, b""

    def _follow(self, printed: bytes) -> None:
        text = self._tail + printed
        raw, friendly = text.rfind(RAW), text.rfind(FRIENDLY)
        if raw != friendly:  # at least one of them was found
            self.raw = raw > friendly
        self._tail = text[1 - len(FRIENDLY) :]

    def _without_banner(self, printed: bytes) -> tuple[bytes, bytes]:
        held = self._held + printed
        end = held.find(FRIENDLY)
        if end < 0:
            start = held.find(BANNER)
            if start < 0:  # its first letters may be there already
                start = max(0, len(held) - len(BANNER) + 1)
            self._held = held[start:]
            return held[:start], b""
        self._hiding, self._held = False, b""
        start = held.rfind(BANNER, 0, end)
        return held[:start] + held[end + len(FRIENDLY) :], ENTER_RAW

    def rest(self) -> bytes:
        """The output that was held back when a life ended early."""
        held, self._held = self._held, b""
        return held
