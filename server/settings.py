"""What an edge is told: `boardwalk.toml`, overridden by BOARDWALK_<SECTION>_<KEY> variables."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from firmware.wire.event import is_field, is_kind
from firmware.wire.topics import is_name
from server.errors import SettingsError

Window = Literal["all", "today", "7d", "30d"]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all sections share."""


class Edge(_Section, frozen=True):
    """site: a name as in topics. data: a folder. timezone: IANA name; days of rankings end there."""

    site: str = "shop"
    data: str = "./var"
    timezone: str = "UTC"
    environment: str = "production"


class Http(_Section, frozen=True):
    """listen: address:port. public_url: how browsers reach it. cors: origins that scripts may call from."""

    listen: str = "127.0.0.1:8080"
    public_url: str = ""
    cors: tuple[str, ...] = ()


class Mqtt(_Section, frozen=True):
    """listen and broker are of the embedded broker; url (mqtt://user:secret@host:port) is another's."""

    listen: str = "127.0.0.1:1883"
    broker: Literal["auto", "mosquitto", "iotcore"] = "auto"
    url: str = ""


class Cloud(_Section, frozen=True):
    """write_units: DynamoDB writes of 1 KB a second that this edge may use.

    seal_after_s: how long an event waits for company before its chunk is sealed.
    """

    mode: Literal["off", "aws"] = "off"
    region: str = "us-east-1"
    table: str = "boardwalk"
    endpoint_url: str = ""
    write_units: int = 20
    layout: Literal["chunks", "items"] = "chunks"
    seal_after_s: int = 60


class Mail(_Section, frozen=True):
    """sender: the From address. staff: who gets mails to `staff`. customer_address: a pattern with
    {customer}, for shops whose customers' addresses follow from their number."""

    mode: Literal["off", "local", "ses"] = "local"
    sender: str = "boardwalk@localhost"
    staff: tuple[str, ...] = ()
    customer_address: str = ""
    configuration_set: str = ""
    per_second: int = 1
    endpoint_url: str = ""


class Ranking(_Section, frozen=True):
    """score: `count`, or `sum:` and an integer field. minus: kinds that subtract."""

    name: str
    kinds: tuple[str, ...]
    minus: tuple[str, ...] = ()
    key: str = "customer"
    score: str = "count"
    windows: tuple[Window, ...] = ("all", "today")


class Rule(_Section, frozen=True):
    """on: a kind. every: each n-th event of a customer. to: customer, staff or an address."""

    name: str
    on: str
    to: str
    every: int = 1
    template: str = "notice"
    policy: Literal["at_most_once", "at_least_once"] = "at_most_once"
    digest: Literal["", "hour", "day"] = ""


class Retention(_Section, frozen=True):
    """days: how long events stay after they are in the cloud; 0 keeps them for ever."""

    days: int = 0


_ORDERS = ("order.placed",)
_CANCELLED = ("order.cancelled",)
RANKINGS = (
    Ranking(name="orders", kinds=_ORDERS, minus=_CANCELLED),
    Ranking(name="spend", kinds=_ORDERS, minus=_CANCELLED, score="sum:cents"),
)


class Settings(_Section, frozen=True):
    """All sections; every key has a default."""

    edge: Edge = Edge()
    http: Http = Http()
    mqtt: Mqtt = Mqtt()
    cloud: Cloud = Cloud()
    mail: Mail = Mail()
    retention: Retention = Retention()
    ranking: tuple[Ranking, ...] = RANKINGS
    rule: tuple[Rule, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.edge.timezone)


SECTIONS: dict[str, type[_Section]] = {
    "edge": Edge, "http": Http, "mqtt": Mqtt, "cloud": Cloud, "mail": Mail, "retention": Retention,
}  # fmt: skip
LISTS: dict[str, type[_Section]] = {"ranking": Ranking, "rule": Rule}
PREFIX = "BOARDWALK_"


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings of a file (None: defaults), then of the environment. Raises SettingsError."""
    source = _Source(path)
    tree = source.tree
    for name, (section, key, value) in _variables(environ).items():
        tree.setdefault(section, {})[key] = value
        source.variables[(section, key)] = name
    _check_keys(tree, source)
    settings = _convert(tree, source)
    for section, key, wrong in _wrongs(settings):
        raise SettingsError(source.place(section, key), f"{key}: {wrong}")
    return settings


def address(listen: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[host]:port`. Raises ValueError."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(listen)
    return host.strip("[]"), int(port)


class _Source:
    """Where each value came from, for errors that name their place."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.text = ""
        self.tree: dict[str, Any] = {}
        self.variables: dict[tuple[str, str], str] = {}
        if path is None:
            return
        try:
            self.text = path.read_text(encoding="utf-8")
            self.tree = tomllib.loads(self.text)
        except OSError as error:
            raise SettingsError(str(path), f"cannot be read ({error.strerror})") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(str(path), f"is not TOML: {error}") from error

    def place(self, section: str, key: str = "", index: int = 0) -> str:
        """`file, line n` of a key, or the variable that set it."""
        if (section, key) in self.variables:
            return self.variables[(section, key)]
        header = re.compile(rf"\s*\[\[?\s*{re.escape(section)}\s*\]\]?")
        assign = re.compile(rf"\s*\"?{re.escape(key)}\"?\s*=")
        found, seen, line_of_header = False, -1, 0
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.lstrip().startswith("["):
                found = header.match(line) is not None
                seen += found
                if found and seen == index:
                    line_of_header = number
            elif found and seen == index and key and assign.match(line):
                return f"{self.path}, line {number}"
        return f"{self.path}, line {line_of_header}" if line_of_header else f"{self.path}"


def _variables(environ: Mapping[str, str]) -> dict[str, tuple[str, str, Any]]:
    found: dict[str, tuple[str, str, Any]] = {}
    for name, value in sorted(environ.items()):
        section, _, key = name.removeprefix(PREFIX).lower().partition("_")
        if not name.startswith(PREFIX) or section not in SECTIONS:
            continue
        hints = get_type_hints(SECTIONS[section])
        listed = key in hints and get_origin(hints[key]) is tuple
        parts = [part.strip() for part in value.split(",") if part.strip()]
        found[name] = (section, key, parts if listed else value)
    return found


def _check_keys(tree: dict[str, Any], source: _Source) -> None:
    for section, body in tree.items():
        if section in SECTIONS:
            _check_section(section, SECTIONS[section], body, source, 0)
        elif section in LISTS:
            if not isinstance(body, list):
                raise SettingsError(source.place(section), f"write [[{section}]], once for each")
            for index, part in enumerate(body):
                _check_section(section, LISTS[section], part, source, index)
        else:
            allowed = ", ".join([*SECTIONS, *LISTS])
            raise SettingsError(source.place(section), f"unknown section [{section}]; allowed: {allowed}")


def _check_section(section: str, kind: type[_Section], body: Any, source: _Source, index: int) -> None:
    if not isinstance(body, dict):
        raise SettingsError(source.place(section), f"[{section}] is a section, not a value")
    for key in body:
        if key not in kind.__struct_fields__:
            allowed = ", ".join(kind.__struct_fields__)
            place = source.place(section, key, index)
            raise SettingsError(place, f"unknown key {key} in [{section}]; allowed: {allowed}")
    try:
        msgspec.convert(body, kind, strict=_strict(section, source))
    except msgspec.ValidationError as error:
        key = re.search(r"\$\.(\w+)", str(error))
        name = key[1] if key else ""
        raise SettingsError(
            source.place(section, name, index), f"{name or section}: {_plain(error, kind, name)}"
        ) from error


def _strict(section: str, source: _Source) -> bool:
    return not any(part == section for part, _ in source.variables)


def _plain(error: msgspec.ValidationError, kind: type[_Section], key: str) -> str:
    hint = get_type_hints(kind).get(key)
    if get_origin(hint) is Literal:
        return "allowed: " + ", ".join(repr(word) for word in get_args(hint) if word != "")
    text = str(error).split(" - at ")[0].replace("`", "")
    words = {"int": "a whole number", "str": "a text", "array": "a list", "bool": "true or false"}
    found = re.fullmatch(r"Expected (\w+), got (\w+)", text)
    if found:
        return f"expected {words.get(found[1], found[1])}, got {words.get(found[2], found[2])}"
    return text[:1].lower() + text[1:]


def _convert(tree: dict[str, Any], source: _Source) -> Settings:
    parts: dict[str, Any] = {}
    for section, kind in SECTIONS.items():
        if section in tree:
            strict = _strict(section, source)
            parts[section] = msgspec.convert(tree[section], kind, strict=strict)
    for section, kind in LISTS.items():
        if section in tree:
            parts[section] = [msgspec.convert(body, kind) for body in tree[section]]
    return Settings(**parts)


def _wrongs(settings: Settings) -> list[tuple[str, str, str]]:
    """(section, key, what is wrong) of values that have the right type but no sense."""
    return [
        *_wrong_places(settings),
        *_wrong_amounts(settings),
        *(("ranking", key, wrong) for key, wrong in _wrong_rankings(settings.ranking)),
        *(("rule", key, wrong) for key, wrong in _wrong_rules(settings)),
    ]


def _wrong_places(settings: Settings) -> list[tuple[str, str, str]]:
    wrongs: list[tuple[str, str, str]] = []
    if not is_name(settings.edge.site):
        wrongs.append(("edge", "site", "1 to 32 of a-z, 0-9 and -, not - first"))
    try:
        ZoneInfo(settings.edge.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrongs.append(("edge", "timezone", "a name like Europe/Berlin or UTC"))
    for section, listen in (("http", settings.http.listen), ("mqtt", settings.mqtt.listen)):
        try:
            address(listen)
        except ValueError:
            wrongs.append((section, "listen", "address:port, as 127.0.0.1:8080"))
    urls = [
        ("http", "public_url", settings.http.public_url, ("http", "https")),
        ("mqtt", "url", settings.mqtt.url, ("mqtt", "mqtts")),
        ("cloud", "endpoint_url", settings.cloud.endpoint_url, ("http", "https")),
        ("mail", "endpoint_url", settings.mail.endpoint_url, ("http", "https")),
        *(("http", "cors", origin, ("http", "https")) for origin in settings.http.cors),
    ]
    for section, key, url, schemes in urls:
        if url and not _is_url(url, schemes):
            wrongs.append((section, key, f"an address that begins with {schemes[0]}://"))
    return wrongs


def _is_url(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _wrong_amounts(settings: Settings) -> list[tuple[str, str, str]]:
    wrongs: list[tuple[str, str, str]] = []
    if not 1 <= settings.cloud.write_units <= 40_000:
        wrongs.append(("cloud", "write_units", "1 to 40000; 25 are free"))
    if not 1 <= settings.cloud.seal_after_s <= 3600:
        wrongs.append(("cloud", "seal_after_s", "1 to 3600"))
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", settings.cloud.table):
        wrongs.append(("cloud", "table", "3 to 255 letters, digits, _ - and ."))
    if not 1 <= settings.mail.per_second <= 10_000:
        wrongs.append(("mail", "per_second", "1 to 10000"))
    if not settings.retention.days >= 0:
        wrongs.append(("retention", "days", "0 or more"))
    for key, text in [("sender", settings.mail.sender)] + [("staff", one) for one in settings.mail.staff]:
        if not is_address(text):
            wrongs.append(("mail", key, f"{text!r} is no mail address"))
    pattern = settings.mail.customer_address
    if pattern and not ("{customer}" in pattern and is_address(pattern.replace("{customer}", "1"))):
        wrongs.append(("mail", "customer_address", "an address with {customer} in it"))
    return wrongs


def is_address(text: str) -> bool:
    """Whether `text` looks like one mail address (no header can be smuggled in)."""
    return re.fullmatch(r"[^\s@<>,;:\"\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,190}", text) is not None


def _wrong_rankings(rankings: tuple[Ranking, ...]) -> list[tuple[str, str]]:
    wrongs: list[tuple[str, str]] = []
    names = [ranking.name for ranking in rankings]
    for ranking in rankings:
        if not is_name(ranking.name) or names.count(ranking.name) > 1:
            wrongs.append(("name", "1 to 32 of a-z, 0-9 and -, each name once"))
        if not ranking.kinds or not all(is_kind(kind) for kind in ranking.kinds + ranking.minus):
            wrongs.append(("kinds", "kinds are texts like order.placed, one at least"))
        if not is_field(ranking.key):
            wrongs.append(("key", "customer, device or the name of a field"))
        if ranking.score != "count" and not is_field(ranking.score.removeprefix("sum:")):
            wrongs.append(("score", "count, or sum: and the name of a field"))
        if ranking.score != "count" and not ranking.score.startswith("sum:"):
            wrongs.append(("score", "count, or sum: and the name of a field"))
        if not ranking.windows:
            wrongs.append(("windows", "one at least of all, today, 7d, 30d"))
    return wrongs


def _wrong_rules(settings: Settings) -> list[tuple[str, str]]:
    wrongs: list[tuple[str, str]] = []
    names = [rule.name for rule in settings.rule]
    for rule in settings.rule:
        if not is_name(rule.name) or names.count(rule.name) > 1:
            wrongs.append(("name", "1 to 32 of a-z, 0-9 and -, each name once"))
        if not is_kind(rule.on):
            wrongs.append(("on", "a kind like order.placed"))
        if rule.every < 1:
            wrongs.append(("every", "1 or more"))
        if rule.to not in ("customer", "staff") and not is_address(rule.to):
            wrongs.append(("to", "customer, staff or a mail address"))
        if rule.to == "staff" and not settings.mail.staff:
            wrongs.append(("to", "nobody is staff: name addresses in [mail] staff"))
    return wrongs
