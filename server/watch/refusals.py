"""A count of what is refused since the start, and lines in the log, one a minute and source at most."""

import re
from collections import Counter
from collections.abc import Iterable

from loguru import logger

from server.calendar import MINUTE_MS
from server.store.rejects import Reject

MAX_REASONS = 100  # labels of a metric are kept by whoever reads it; what goes beyond is `other`
MAX_SOURCES = 1000
PROGRAM = "http-"
_END = re.compile(r"[:;,(.]| of | at | within ")


class Refusals:
    """counts: by kind of the source (`device`, `program`) and reason, how many payloads were refused."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._told: dict[str, tuple[int, int]] = {}  # by source: when it was told, and how many were not

    def saw(self, refused: Iterable[Reject]) -> None:
        """These are kept now."""
        for one in refused:
            key = "program" if one.source.startswith(PROGRAM) else "device", word(one.reason)
            known = key in self.counts or len(self.counts) < MAX_REASONS
            self.counts[key if known else (key[0], "other")] += 1
            self._tell(one)

    def _tell(self, one: Reject) -> None:
        told_at, untold = self._told.get(one.source, (0, 0))
        if one.received_at - told_at < MINUTE_MS and one.source in self._told:
            self._told[one.source] = told_at, untold + 1
            return
        if len(self._told) >= MAX_SOURCES:
            self._told.clear()
        self._told[one.source] = one.received_at, 0
        more = f" ({untold} more since the last such line)" if untold else ""
        logger.warning("refused of {}: {}{}; see boardwalk rejects", one.source, one.reason, more)


def word(reason: str) -> str:
    """The beginning of a reason, without what differs from payload to payload, as `field` or `no JSON`."""
    begin = _END.split(reason, maxsplit=1)[0]
    return "field" if begin.startswith("field ") else begin[:40].strip()
