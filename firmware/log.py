"""A board's log: printed at the serial port, its newest lines kept in RAM for the edge."""

from firmware.wire.event import is_text

LEVELS = ("debug", "info", "warning")
DEBUG, INFO, WARNING = 0, 1, 2
RING_BYTES = 2048
LINE_CHARACTERS = 120  # of the text, without its head


def clean(text: str) -> str:
    """A text as one line that the wire takes: at most 120 characters, no control characters."""
    return "".join([letter if is_text(letter) else "?" for letter in text[:LINE_CHARACTERS]])


class Log:
    """Lines `<uptime_ms> <level> <text>`, numbered from 1 at each start.

    level: an index into LEVELS; lines below it are neither printed nor kept.
    last: the number of the newest line, 0 for none.
    """

    def __init__(self, board):
        self._board = board
        self._lines = []  # the newest, as UTF-8: their size is known, and they are small
        self._bytes = 0
        self.level = INFO
        self.last = 0

    def debug(self, *words) -> None:
        """Log what a developer looks for."""
        self._add(DEBUG, words)

    def info(self, *words) -> None:
        """Log what happens in a board's life."""
        self._add(INFO, words)

    def warning(self, *words) -> None:
        """Log what somebody should look at."""
        self._add(WARNING, words)

    def again(self, text: str) -> None:
        """Only print a warning that is kept already, for a person who has just come to the serial port."""
        print(self._line(WARNING, (text,)))

    def _line(self, level: int, words) -> str:
        text = clean(" ".join([str(word) for word in words]))
        return "%d %s %s" % (self._board.uptime_ms(), LEVELS[level], text)

    def _add(self, level: int, words) -> None:
        if level < self.level:
            return
        text = self._line(level, words)
        print(text)
        line = text.encode()
        self._lines.append(line)
        self._bytes += len(line)
        self.last += 1
        while self._bytes > RING_BYTES:
            self._bytes -= len(self._lines.pop(0))

    def after(self, number: int, most_bytes: int) -> tuple[int, list[object]]:
        """The number of the first line behind line `number` that is kept, and the oldest lines from it on.

        Each line is uptime_ms, level and text; all have at most `most_bytes`. Without lines the number is one
        past `last`.
        """
        first = max(self.last - len(self._lines), min(number, self.last)) + 1
        found = []
        for line in self._lines[first - self.last - 1 :] if first <= self.last else ():
            most_bytes -= len(line)
            if most_bytes < 0:
                break
            uptime_ms, level, text = str(line, "utf-8").split(" ", 2)
            found.append([int(uptime_ms), level, text])
        return first, found
