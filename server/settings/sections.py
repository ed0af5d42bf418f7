"""The sections of `boardwalk.toml`: every key with its type and default."""

from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from server.settings.condition import Condition, condition
from server.settings.phrases import Hours, Top, hours, span, top

Window = Literal["all", "today", "7d", "30d"]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all sections share."""


class EdgeSection(Section, frozen=True):
    """site: a name as in topics. data: a folder. timezone: IANA name; days of rankings end there."""

    site: str = "shop"
    data: str = "./var"
    timezone: str = "UTC"
    environment: str = "production"


class HttpSection(Section, frozen=True):
    """listen: address:port. public_url: how browsers reach it. cors: origins that scripts may call from."""

    listen: str = "127.0.0.1:8080"
    public_url: str = ""
    cors: tuple[str, ...] = ()


class MqttSection(Section, frozen=True):
    """listen and broker are of the embedded broker; url (mqtt://user:secret@host:port) is another's."""

    listen: str = "127.0.0.1:1883"
    broker: Literal["auto", "mosquitto", "iotcore"] = "auto"
    url: str = ""


class CloudSection(Section, frozen=True):
    """write_units: DynamoDB writes of 1 KB a second that this edge may use.

    seal_after_s: how long an event waits for company before its chunk is sealed.
    """

    mode: Literal["off", "aws"] = "off"
    region: str = "us-east-1"
    table: str = "boardwalk"
    endpoint_url: str = ""
    write_units: int = 20
    seal_after_s: int = 60


class MailSection(Section, frozen=True):
    """sender: the From address. staff: who gets mails to `staff`. customer_address: a pattern with
    {customer}, for shops whose customers' addresses follow from their number."""

    mode: Literal["off", "local", "ses"] = "local"
    sender: str = "boardwalk@localhost"
    staff: tuple[str, ...] = ()
    customer_address: str = ""
    configuration_set: str = ""
    per_second: int = 1
    endpoint_url: str = ""


class RankingSpec(Section, frozen=True):
    """score: `count`, or `sum:` and an integer field. minus: kinds that subtract."""

    name: str
    kinds: tuple[str, ...]
    minus: tuple[str, ...] = ()
    key: str = "customer"
    score: str = "count"
    windows: tuple[Window, ...] = ("all", "today")


class Rule(Section, frozen=True):
    """What makes a mail is one of three: `on`, a kind of event; `entered`, a customer or another key that
    comes into the best of a ranking; `silent`, devices that are not heard for so long.

    where: conditions on an event, all of which must hold. every: each n-th event of a customer. to:
    customer, staff or an address. template: "" for the letter of what makes the mail. quiet: hours in
    which no mail may begin.
    """

    name: str
    to: str
    on: str = ""
    entered: str = ""
    silent: str = ""
    where: str | tuple[str, ...] = ()
    every: int = 1
    template: str = ""
    policy: Literal["at_most_once", "at_least_once"] = "at_most_once"
    digest: Literal["", "hour", "day"] = ""
    quiet: str = ""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """`where`, parsed. Raises ValueError."""
        texts = (self.where,) if isinstance(self.where, str) else self.where
        return tuple(condition(text) for text in texts)

    @property
    def top(self) -> Top | None:
        """`entered`, parsed. Raises ValueError."""
        return top(self.entered) if self.entered else None

    @property
    def silent_ms(self) -> int:
        """`silent`, parsed; 0 for none. Raises ValueError."""
        return span(self.silent) if self.silent else 0

    @property
    def hours(self) -> Hours | None:
        """`quiet`, parsed. Raises ValueError."""
        return hours(self.quiet) if self.quiet else None

    @property
    def letter(self) -> str:
        """The name of its letter."""
        if self.template or self.on:
            return self.template or "notice"
        if self.silent:
            return "silent"
        return "welcome" if self.to == "customer" else "entered"


_ORDERS = ("order.placed",)
_CANCELLED = ("order.cancelled",)
RANKINGS = (
    RankingSpec(name="orders", kinds=_ORDERS, minus=_CANCELLED),
    RankingSpec(name="spend", kinds=_ORDERS, minus=_CANCELLED, score="sum:cents"),
)


class Settings(Section, frozen=True):
    """All sections; every key has a default. places: of each rule's template, as `file, line n`."""

    edge: EdgeSection = EdgeSection()
    http: HttpSection = HttpSection()
    mqtt: MqttSection = MqttSection()
    cloud: CloudSection = CloudSection()
    mail: MailSection = MailSection()
    ranking: tuple[RankingSpec, ...] = RANKINGS
    rule: tuple[Rule, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.edge.timezone)


SECTIONS: dict[str, type[Section]] = {
    "edge": EdgeSection, "http": HttpSection, "mqtt": MqttSection,
    "cloud": CloudSection, "mail": MailSection,
}  # fmt: skip
LISTS: dict[str, type[Section]] = {"ranking": RankingSpec, "rule": Rule}


def address(listen: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[host]:port`. Raises ValueError."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(listen)
    return host.strip("[]"), int(port)
