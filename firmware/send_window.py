"""The frames that are under way to the edge: go-back-N over seq numbers, without input or output.

Times are ms of uptime. The frames themselves are never kept: they are read from flash again.
"""

FRAMES = 8  # under way at most; fewer when the edge says so
RESEND_MS = 5_000
RESEND_MOST_MS = 300_000
PAUSE_MS = 5_000
ERRORS = 3  # for one frame, before it is cut in half
ERROR_PAUSE_MS = 250
ALL = 1000  # records in a frame; more than fit
FULL = 32  # about as many small records as fit


class SendWindow:
    """The next seq to send, and the time at which everything is sent again.

    next: the seq that the next frame begins with. most: how many records it may have. refused: a seq whose
    event the edge cannot take, to be reported as lost, else 0.
    """

    def __init__(self, random):
        self._random = random
        self._limit = FRAMES
        self._resend_ms = RESEND_MS
        self._pause_ms = PAUSE_MS
        self._went_back_for = 0
        self._errors = self._silences = 0
        self._careful = self._paused = False
        self.most = ALL
        self.refused = 0
        self.next = 1
        self._under_way = []  # the last seq of each frame
        self._resend_at = self._wait_until = 0

    def _jitter(self, ms: int) -> int:
        return ms * 3 // 4 + self._random() % (ms // 2)

    def restart(self, seq: int) -> None:
        """Send everything from `seq` on again: after a connect, or because the edge asks for it."""
        self.next = seq
        self._under_way = []

    def may_send(self, now: int) -> bool:
        """Whether a frame may go out now."""
        if now < self._wait_until:
            return False
        # While the edge has trouble, frames behind the first are of no use.
        return len(self._under_way) < (1 if self._careful or self._paused else self._limit)

    def sent(self, last: int, now: int) -> None:
        """Note that a frame up to `last` is on its way."""
        if not self._under_way:
            self._resend_at = now + self._jitter(self._resend_ms)
        self._under_way.append(last)
        self.next = last + 1

    def check(self, now: int, acked: int) -> None:
        """Go back to the first event that is not acked when its answer is overdue."""
        if self._under_way and now >= self._resend_at:
            self.restart(acked + 1)
            self._resend_ms = min(self._resend_ms * 2, RESEND_MOST_MS)
            self._went_back_for = 0
            self._silences += 1

    def wait_ms(self, now: int) -> int:
        """ms until something is due here, unless another method is called."""
        until = now + RESEND_MOST_MS
        if self._under_way:
            until = self._resend_at
        if now < self._wait_until:
            until = min(until, self._wait_until)
        return max(until - now, 1)

    def progress(self, acked: int, now: int) -> None:
        """Take note that the edge has more than before."""
        self._under_way = [last for last in self._under_way if last > acked]
        self.next = max(self.next, acked + 1)
        self._errors = self._silences = self._went_back_for = self.refused = 0
        self._careful = False
        self._resend_ms = RESEND_MS
        self._resend_at = now + self._jitter(RESEND_MS)
        self.most = min(self.most * 2, ALL)

    def gap(self, want: int) -> None:
        """Go back to `want`, which the edge misses; once, though each frame behind the gap is answered so."""
        if want != self._went_back_for and want < self.next:
            self._went_back_for = want
            self.restart(want)

    def alive(self, acked: int) -> None:
        """The edge was silent and speaks again: do not wait for the end of a long time-out."""
        if self._silences:
            self._silences = 0
            self._resend_ms = RESEND_MS
            self.restart(acked + 1)

    def trouble(self, first: int, now: int) -> None:
        """Send again the frame that began with `first`, which the edge could not read.

        After three times only half of it; a single event that cannot be read is given up.
        """
        if not self._under_way:
            return  # an answer to a frame before we went back
        count = self._under_way[0] - first + 1
        self._careful = True
        self._errors += 1
        self._wait_until = now + (self._jitter(PAUSE_MS) if self.refused else ERROR_PAUSE_MS)
        if self._errors >= ERRORS and not self.refused:
            self._errors = 0
            self.refused = first if count == 1 else 0
            self.most = max(count // 2, 1)
        self.restart(first)

    def smaller(self) -> bool:
        """Make the next frames half as large, as memory was short; False when they cannot be smaller."""
        if self.most == 1:
            return False
        self.most = min(self.most, FULL) // 2
        return True

    def pause(self, acked: int, now: int) -> None:
        """Wait, because the edge has no room; later one frame asks again."""
        if now < self._wait_until:
            return
        self._paused = True
        self._wait_until = now + self._jitter(self._pause_ms)
        self._pause_ms = min(self._pause_ms * 2, RESEND_MOST_MS)
        self.restart(acked + 1)

    def breadth(self, frames: int) -> None:
        """Let at most `frames` be under way, as the edge says."""
        self._limit = min(frames, FRAMES)
        if self._paused:
            self._paused = False
            self._wait_until = 0
            self._pause_ms = PAUSE_MS
