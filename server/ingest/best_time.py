"""The most likely time of an event, whatever its board's clock said."""

from firmware.wire.event import EARLIEST_AT, EDGE, NTP
from server.folds.log_time import Now
from server.ingest.cursor import Cursor
from server.ingest.decode import Taken


def best_time(event: Taken, sent: tuple[int, int], now: Now, before: Cursor) -> int:
    """Best known time, ms since 1970 UTC.

    sent: boot and uptime_ms when the frame was made. now: when it was received. before: the cursor, which has
    the previous event.
    A clock that was set by the edge or by NTP is believed. Otherwise the event is dated back from its
    receipt by its age, which a board that has not restarted knows. The time is never after the receipt,
    never before the previous event of the same boot, and never before the protocol existed. While nobody
    knows the edge's time, a clock that is believed may be ahead of it.
    """
    same_boot = before.boot == event.boot and before.at > 0
    if event.quality in (EDGE, NTP):
        at = event.at
    elif sent[0] == event.boot and sent[1] >= event.uptime_ms:
        at = now.at - (sent[1] - event.uptime_ms)
    elif same_boot:
        at = before.at + max(0, event.uptime_ms - before.uptime_ms)
    else:
        at = now.at
    earliest = before.at if same_boot and before.at > EARLIEST_AT else EARLIEST_AT
    if at < earliest:
        at = earliest
    if not now.is_known and event.quality in (EDGE, NTP):
        return at
    return at if at < now.at else now.at  # max() and min() would take as long as the whole function
