"""Hours of the site's day in which no mail may begin."""

from server.calendar import DAY_MS, MINUTE_MS, QUARTER_MS, Offset
from server.settings import Hours


def after(hours: Hours | None, at: int, offset: Offset) -> int:
    """The first moment from `at` on that is not in quiet hours: `at` itself, or the end of the hours.

    This also holds on days on which clocks change. Moments are in ms since 1970 UTC.
    """
    if hours is None:
        return at
    start, end = hours.start * MINUTE_MS, hours.end * MINUTE_MS
    while True:
        local = (at + offset(at)) % DAY_MS
        if (local - start) % DAY_MS >= (end - start) % DAY_MS:
            return at
        at = min(at + (end - local) % DAY_MS, at - at % QUARTER_MS + QUARTER_MS)


def not_before(hours: Hours | None, begins_at: int, born_at: int, offset: Offset) -> int:
    """When a mail that is born now may go out, at `begins_at` or when quiet hours end; 0 for at once."""
    at = after(hours, begins_at, offset)
    return at if at > born_at else 0
