"""The troubles of a board, told in the log, by the LED and in the state message."""

from firmware.transient import module

# The LED blinks as often as the place in this row says, from 1; the first five are about the way to the edge.
CODES = (
    "no-wifi", "wifi-password", "no-edge", "login", "certificate",
    "outbox-full", "settings", "safe-mode",
)  # fmt: skip
OF_LINK = 5
OF_STATE = 6  # the others occur without an edge, or are told as `mode`
PAUSE = 6  # dark steps between two patterns
REPEAT_MS = 30_000  # between two prints of the same trouble at the serial port


class Troubles:
    """The present troubles, and the latest one that is over.

    Several troubles take turns at the LED. A step of it is a quarter of a second. Without trouble it is dark.
    """

    def __init__(self, board, log):
        self._board = board
        self._log = log
        self._now = []  # [place in CODES, since, uptime of the latest line]
        self._over = (None, None, None)  # place, ms, uptime of its end
        self._step = 0

    def begin(self, code: str, detail: str = "") -> None:
        """Note a trouble that begins or goes on. detail: for the sentence about it."""
        place, now = CODES.index(code), self._board.uptime_ms()
        for each in self._now:
            if each[0] == place:
                if now - each[2] >= REPEAT_MS:
                    each[2] = now
                    self._log.again(module("causes").sentence(code, detail))
                return
        if place < OF_LINK:
            self.end(*CODES[:OF_LINK])  # the way to the edge has one trouble at a time
        self._now.append([place, now, now])
        self._log.warning(module("causes").sentence(code, detail))

    def end(self, *codes) -> None:
        """Note that these troubles are over."""
        for each in self._now:
            if CODES[each[0]] in codes:
                self._now.remove(each)
                now = self._board.uptime_ms()
                self._over = (each[0], now - each[1], now)
                self._log.info(CODES[each[0]], "is over, after %d s" % ((now - each[1]) // 1000))
                return

    def tell(self, facts: dict[str, object]) -> None:
        """Add the present trouble to the facts of the state message, else the latest one."""
        place, lasted_ms, facts["trouble_end_ms"] = self._over
        for each in [each for each in self._now if each[0] < OF_STATE]:
            place, lasted_ms, facts["trouble_end_ms"] = each[0], self._board.uptime_ms() - each[1], None
        if place is not None:
            facts["trouble"], facts["trouble_ms"] = CODES[place], lasted_ms

    def step(self) -> bool:
        """Whether the LED is lit in the next step."""
        if not self._now:
            self._step = 0
            return False
        at = self._step
        self._step += 1
        blinks = 2 * self._now[0][0] + 2
        if self._step >= blinks + PAUSE:
            self._step = 0
            self._now.append(self._now.pop(0))
        return at < blinks and at % 2 == 0
