"""The best time that a board knows, and the quality of it."""

from firmware.wire import event

FLOOR_PATH = "floor"
SAVE_EVERY_MS = 3_600_000
STEP_MS = 1000  # smaller errors are the network's delay, and need no step


class Clock:
    """The wall clock: uptime plus an offset.

    quality: one of wire.event's NO_CLOCK, FLOOR (it is at least this late), EDGE and NTP.
    """

    def __init__(self, board, floor_ms: int):
        self._board = board
        self._offset_ms = 0
        self._latest_ms = 0
        self.quality = event.NO_CLOCK
        self._saved_at = -SAVE_EVERY_MS  # the first good time is saved at once
        self._begin(floor_ms)

    def _begin(self, floor_ms: int) -> None:
        try:
            floor_ms = max(floor_ms, int(self._board.flash.read(FLOOR_PATH) or 0))
        except (OSError, ValueError):
            pass  # without the saved floor, the one of the settings is used
        rtc_ms = self._board.rtc_ms()
        at_ms = max(floor_ms, rtc_ms)
        if at_ms < event.EARLIEST_AT:
            return
        self._set(at_ms, event.FLOOR)
        if at_ms > rtc_ms:
            self._board.set_rtc(at_ms)  # TLS compares certificates with it

    def now(self) -> int:
        """ms since 1970 UTC, 0 when there is no clock; it never runs backwards within a boot."""
        if self.quality == event.NO_CLOCK:
            return 0
        self._latest_ms = max(self._latest_ms, self.wall())
        return self._latest_ms

    def wall(self) -> int:
        """As `now`, but it follows a correction backwards: for deadlines that others set."""
        return self._board.uptime_ms() + self._offset_ms

    def learn(self, at_ms: int, quality: int) -> None:
        """Take over a time from a source of `quality`, unless we have a better one."""
        if at_ms < event.EARLIEST_AT or quality < self.quality:
            return
        error_ms = at_ms - self._board.uptime_ms() - self._offset_ms
        if quality > self.quality or abs(error_ms) > STEP_MS:
            self._set(at_ms, quality)
            self._board.set_rtc(at_ms)

    def _set(self, at_ms: int, quality: int) -> None:
        self._offset_ms = at_ms - self._board.uptime_ms()
        self.quality = quality

    def tick(self) -> None:
        """Save the floor once an hour, so that the next start knows a time that has passed."""
        if self.quality < event.EDGE or self._board.uptime_ms() - self._saved_at < SAVE_EVERY_MS:
            return
        self._saved_at = self._board.uptime_ms()
        try:
            self._board.flash.replace(FLOOR_PATH, b"%d" % self.now())
        except OSError:
            pass  # the next hour tries again
