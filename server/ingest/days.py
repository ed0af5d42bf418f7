"""Days of the site's calendar, as numbers."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

QUARTER_MS = 900_000  # offsets of time zones change at quarter hours only
DAY_MS = 86_400_000


class Days:
    """Moments to days since 1970 in a time zone, daylight saving included."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offsets: dict[int, int] = {}

    def day(self, at: int) -> int:
        """The local day of a moment in ms since 1970 UTC."""
        offset = self._offsets.get(at // QUARTER_MS)
        return (at + (self.offset(at) if offset is None else offset)) // DAY_MS

    def begin(self, day: int) -> int:
        """The first moment of a local day, in ms since 1970 UTC."""
        midnight = datetime.combine(date(1970, 1, 1) + timedelta(days=day), time(), self._zone)
        return int(midnight.timestamp() * 1000)

    def offset(self, at: int) -> int:
        """Local time minus UTC at a moment, in ms."""
        quarter = at // QUARTER_MS
        offset = self._offsets.get(quarter)
        if offset is None:
            if len(self._offsets) > 100_000:
                self._offsets.clear()
            moment = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, UTC)
            span = moment.astimezone(self._zone).utcoffset()
            offset = int(span.total_seconds() * 1000) if span is not None else 0
            self._offsets[quarter] = offset
        return offset
