"""What is wrong with a board: it stands in the log, and the LED and the state message tell it."""

from firmware.transient import module

# The LED blinks as often as says the place in this row, from 1; the first five are of the way to the edge.
CODES = (
    "no-wifi", "wifi-password", "no-edge", "login", "certificate",
    "outbox-full", "settings", "safe-mode",
)  # fmt: skip
OF_LINK = 5
OF_STATE = 6  # the others have no edge that hears it, or are told as `mode`
PAUSE = 6  # steps that it is dark between two patterns
REPEAT_MS = 30_000  # so often the serial port hears the same again


class Troubles:
    """Those of the present, and the latest that is over.

    Several take turns at the LED. A step of it is a quarter of a second. Without trouble it is dark.
    """

    def __init__(self, board, log):
        self._board = board
        self._log = log
        self._now = []  # [place in CODES, since, uptime of the latest line]
        self._over = (None, None, None)  # place, ms, uptime of its end
        self._step = 0

    def begin(self, code: str, detail: str = "") -> None:
        """It is so, or still so: `detail` is for the sentence about it."""
        place, now = CODES.index(code), self._board.uptime_ms()
        for each in self._now:
            if each[0] == place:
                if now - each[2] >= REPEAT_MS:
                    each[2] = now
                    self._log.again(module("causes").sentence(code, detail))
                return
        if place < OF_LINK:
            self.end(*CODES[:OF_LINK])  # there is one at a time
        self._now.append([place, now, now])
        self._log.warning(module("causes").sentence(code, detail))

    def end(self, *codes) -> None:
        """None of these is so any more."""
        for each in self._now:
            if CODES[each[0]] in codes:
                self._now.remove(each)
                now = self._board.uptime_ms()
                self._over = (each[0], now - each[1], now)
                self._log.info(CODES[each[0]], "is over, after %d s" % ((now - each[1]) // 1000))
                return

    def tell(self, facts: dict[str, object]) -> None:
        """Add to the facts of the state message what is wrong now, else what was last."""
        place, lasted_ms, facts["trouble_end_ms"] = self._over
        for each in [each for each in self._now if each[0] < OF_STATE]:
            place, lasted_ms, facts["trouble_end_ms"] = each[0], self._board.uptime_ms() - each[1], None
        if place is not None:
            facts["trouble"], facts["trouble_ms"] = CODES[place], lasted_ms

    def step(self) -> bool:
        """Whether the LED is lit, one step later than at the last call."""
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
