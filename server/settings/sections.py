"""The sections of `boardwalk.toml`: every key with its type and default."""

from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from server.settings.condition import Condition, condition
from server.settings.phrases import Hours, Top, hours, span, top

Window = Literal["all", "today", "7d", "30d"]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A section of the settings: frozen, keys by name only, unknown keys refused."""


class EdgeSection(Section, frozen=True):
    """What this edge is.

    site: the name of the place, as in topics. data: the folder of the store. timezone: IANA name; days of
    rankings end by its clock. environment: a word of the operator; the edge does not act on it.
    """

    site: str = "shop"
    data: str = "./var"
    timezone: str = "UTC"
    environment: str = "production"


class HttpSection(Section, frozen=True):
    """The dashboard and the HTTP interface.

    listen: address:port. public_url: how browsers reach it, "" for the address of `listen`. cors: origins
    whose scripts may call the interface.
    """

    listen: str = "127.0.0.1:8080"
    public_url: str = ""
    cors: tuple[str, ...] = ()


class MqttSection(Section, frozen=True):
    """The MQTT broker.

    listen: address:port of the embedded broker. broker: which program that is; auto takes mosquitto where
    it is installed. url: of another broker instead, mqtt://user:secret@host:port; "" for the embedded one.
    """

    listen: str = "127.0.0.1:1883"
    broker: Literal["auto", "mosquitto", "iotcore"] = "auto"
    url: str = ""


class CloudSection(Section, frozen=True):
    """The way to DynamoDB.

    mode: off, or aws to send events and scores. region: of AWS. table: the name of the table, shared by all
    sites. endpoint_url: where DynamoDB is, "" for AWS itself. write_units: how many DynamoDB writes of 1 KB
    this edge may use per second. seal_after_s: seconds that an event waits for others before its chunk is
    sealed.
    """

    mode: Literal["off", "aws"] = "off"
    region: str = "us-east-1"
    table: str = "boardwalk"
    endpoint_url: str = ""
    write_units: int = 20
    seal_after_s: int = 60


class MailSection(Section, frozen=True):
    """The sending of mails.

    mode: off, local (letters stay in the mailbox of the dashboard) or ses. sender: the From address.
    staff: the addresses that get mails to `staff`. customer_address: a pattern with {customer}, for shops
    whose customers' addresses follow from their number; "" for no pattern. configuration_set: of SES, "" for
    no set. per_second: how many mails are sent per second at most. endpoint_url: where SES is, "" for AWS
    itself.
    """

    mode: Literal["off", "local", "ses"] = "local"
    sender: str = "boardwalk@localhost"
    staff: tuple[str, ...] = ()
    customer_address: str = ""
    configuration_set: str = ""
    per_second: int = 1
    endpoint_url: str = ""


class RankingSpec(Section, frozen=True):
    """A ranking.

    name: of the ranking. kinds: of events that add. minus: kinds that subtract. key: what it ranks: customer,
    device or the name of a field. score: `count`, or `sum:` and the name of a field of whole numbers.
    windows: the spans of days that it is kept for.
    """

    name: str
    kinds: tuple[str, ...]
    minus: tuple[str, ...] = ()
    key: str = "customer"
    score: str = "count"
    windows: tuple[Window, ...] = ("all", "today")


class Rule(Section, frozen=True):
    """What makes a mail is one of three: `on`, a kind of event; `entered`, a customer or another key that
    comes into the best of a ranking; `silent`, devices that are not heard for this span. Others are "".

    name: of the rule. to: customer, staff or an address. where: conditions on an event, all of which must
    hold. every: a mail is made of each n-th event of a customer. template: the name of the letter, "" for the
    one that fits the cause. policy: whether a mail of unknown outcome is sent again (at_least_once) or not.
    digest: hour or day to gather all matches of that time in one mail, "" for a mail per match. quiet: hours
    in which no mail may begin, as `22:00-07:00`; "" for no such hours.
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
        """`silent`, parsed; 0 when it is not set. Raises ValueError."""
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
    """All sections; every key has a default.

    edge, http, mqtt, cloud, mail: the sections of these names. ranking: the sections [[ranking]]. rule: the
    sections [[rule]]. places: where each rule's template is set, as `file, line n`; not a setting.
    """

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
