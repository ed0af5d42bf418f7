"""The most likely time of an event, whatever its board's clock said."""

from firmware.wire.event import EARLIEST_AT, EDGE, NTP
from server.ingest.cursor import Cursor
from server.ingest.decode import Taken


def best_time(event: Taken, sent: tuple[int, int], received_at: int, before: Cursor) -> int:
    """Best known time, ms since 1970 UTC.

    sent: boot and uptime_ms when the frame was made. before: the cursor, which has the previous event.
    A clock that was set by the edge or by NTP is believed. Otherwise the event is dated back from its
    receipt by its age, which a board that has not restarted knows. The time is never after the receipt,
    never before the previous event of the same boot, and never before the protocol existed.
    """
    same_boot = before.boot == event.boot and before.at > 0
    if event.quality in (EDGE, NTP):
        at = event.at
    elif sent[0] == event.boot and sent[1] >= event.uptime_ms:
        at = received_at - (sent[1] - event.uptime_ms)
    elif same_boot:
        at = before.at + max(0, event.uptime_ms - before.uptime_ms)
    else:
        at = received_at
    earliest = before.at if same_boot and before.at > EARLIEST_AT else EARLIEST_AT
    if at < earliest:
        at = earliest
    return at if at < received_at else received_at  # max() and min() would take as long as the whole function
