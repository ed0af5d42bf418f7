"""The tiles of the dashboard as values, for templates and, as JSON, for the live stream.

Moments are in ms since 1970 UTC; lines are SVG paths over 100 x 40, "" for nothing to draw.
"""

import msgspec

from server.watch.findings import Finding


class Bar(msgspec.Struct, frozen=True):
    """Orders of an hour.

    label: its number on the clock. count: orders placed. cents: their sum, less cancelled ones. high: the
    height of its bar, 0 to 88. before, before_high: count and bar of the same hour a week before, None when
    that day had no orders.
    """

    label: int
    count: int
    cents: int
    high: float
    before: int | None
    before_high: float | None


class Line(msgspec.Struct, frozen=True):
    """A chart. now: the line of today. tip: its last point. then: the line of the same weekday last week."""

    now: str
    tip: str
    then: str


class Lines(msgspec.Struct, frozen=True):
    """The charts of orders. takings: the sum so far, by hour. average: of an order, by hour."""

    takings: Line
    average: Line


class Compared(msgspec.Struct, frozen=True):
    """The same weekday last week, up to the last full hour.

    by_hour: that hour. count, cents: orders and takings of that day. count_percent, cents_percent: how much
    more today has, in percent.
    """

    by_hour: int
    count: int
    cents: int
    count_percent: int
    cents_percent: int


class OrdersTile(msgspec.Struct, frozen=True, tag_field="tile", tag="orders"):
    """Today's orders.

    weekday: of today, in English. count: orders placed. cancelled: orders cancelled. cents: takings.
    average: cents per order, None without orders. now_hour: the index of the present hour in `hours`. hours:
    those that are drawn. lines: their charts. before: None while there is nothing to compare with.
    """

    weekday: str
    count: int
    cancelled: int
    cents: int
    average: int | None
    now_hour: int
    hours: list[Bar]
    lines: Lines
    before: Compared | None


class RankingRow(msgspec.Struct, frozen=True):
    """rank: from 1. key: a name. score: a whole number. rank_before: at the last midnight, None if new."""

    rank: int
    key: str
    score: int
    rank_before: int | None


class RankingPart(msgspec.Struct, frozen=True):
    """A ranking in a window.

    name, window, score, key: as in the settings. size: how many keys are listed. since: when the oldest
    event came that it could count, None when it has the whole log. before_at: the moment of the standing
    that it is compared with, None without one. rows: the best, best first.
    """

    name: str
    window: str
    score: str
    key: str
    size: int
    since: int | None
    before_at: int | None
    rows: list[RankingRow]


class RankingsTile(msgspec.Struct, frozen=True, tag_field="tile", tag="rankings"):
    """ranked: how many keys are listed for all time. today: how many for today, None without that window.

    rankings: the ones that are shown, one per window.
    """

    ranked: int
    today: int | None
    rankings: list[RankingPart]


class RateTile(msgspec.Struct, frozen=True, tag_field="tile", tag="rate"):
    """per_minute: events of the last minute. minutes: of each minute of the last hour. line: their chart."""

    per_minute: int
    minutes: list[int]
    line: str


class Cell(msgspec.Struct, frozen=True):
    """An hour of a day. count: orders, None for an hour to come. kind: the CSS class of how busy it was."""

    count: int | None
    kind: str


class WeekDay(msgspec.Struct, frozen=True):
    """name: of the weekday, short. cells: one per hour that is drawn."""

    name: str
    cells: list[Cell]


class WeekTile(msgspec.Struct, frozen=True, tag_field="tile", tag="week"):
    """Busy hours. labels: hours of the clock. days: the last seven. busiest: in words."""

    labels: list[int]
    days: list[WeekDay]
    busiest: str


class DeviceLine(msgspec.Struct, frozen=True):
    """name: of a device. state: as in fleet.state_of. last_seen_at: None before its first message."""

    name: str
    state: str
    last_seen_at: int | None


class DevicesTile(msgspec.Struct, frozen=True, tag_field="tile", tag="devices"):
    """known: how many devices there are. here: how many of them are here. planks: the state of each, at most
    200. rows: the devices to list."""

    known: int
    here: int
    planks: list[str]
    rows: list[DeviceLine]


class CloudTile(msgspec.Struct, frozen=True, tag_field="tile", tag="cloud"):
    """As watch.cloud_status.CloudStatus: mode, waiting, chunks, oldest_at, last_sent_at, units_per_s,
    write_units and error."""

    mode: str
    waiting: int
    chunks: int
    oldest_at: int | None
    last_sent_at: int | None
    units_per_s: float
    write_units: float
    error: str | None


class HealthTile(msgspec.Struct, frozen=True, tag_field="tile", tag="health"):
    """findings: what is wrong, or what staff should know, the worst first."""

    findings: list[Finding]


class MailTile(msgspec.Struct, frozen=True, tag_field="tile", tag="mail"):
    """Today's mails. mode: that of [mail].

    pending, sending, sent, failed, unknown, held: how many are in each state.
    """

    mode: str
    pending: int
    sending: int
    sent: int
    failed: int
    unknown: int
    held: int


class PulseTile(msgspec.Struct, frozen=True, tag_field="tile", tag="pulse"):
    """A sign of life of the edge. at: its time."""

    at: int


Tile = (
    OrdersTile | RankingsTile | RateTile | WeekTile | DevicesTile | CloudTile | HealthTile | MailTile
    | PulseTile
)  # fmt: skip


def name(tile: Tile) -> str:
    """The name of a tile in the stream, as `orders`."""
    return str(tile.__struct_config__.tag)
