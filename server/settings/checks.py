"""Checks of settings that have the right type, but make no sense."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from firmware.wire.event import is_field, is_kind
from firmware.wire.topics import is_name
from server.settings.mail_address import is_address
from server.settings.rule_checks import wrongs_of_rule
from server.settings.sections import RankingSpec, Rule, Settings, address


class Wrong(NamedTuple):
    """One value that cannot be used.

    section, key: where it stands in the settings. sentence: what is allowed there. number: which of
    several sections of that name, from 0.
    """

    section: str
    key: str
    sentence: str
    number: int = 0


def wrongs(settings: Settings) -> Iterator[Wrong]:
    """Everything that is wrong, in the order of the sections."""
    yield from _edge_and_places(settings)
    yield from _urls(settings)
    yield from _amounts(settings)
    yield from _mail(settings)
    yield from _names("ranking", settings.ranking)
    for index, ranking in enumerate(settings.ranking):
        yield from (Wrong("ranking", *wrong, index) for wrong in _ranking(ranking))
    yield from _names("rule", settings.rule)
    for index, rule in enumerate(settings.rule):
        yield from (Wrong("rule", *wrong, index) for wrong in wrongs_of_rule(rule, settings))


def _edge_and_places(settings: Settings) -> Iterator[Wrong]:
    if not is_name(settings.edge.site):
        yield Wrong("edge", "site", "1 to 32 of a-z, 0-9 and -, not - first")
    if not settings.edge.data or "\0" in settings.edge.data:
        yield Wrong("edge", "data", "a folder, as ./var")
    try:
        ZoneInfo(settings.edge.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Wrong("edge", "timezone", "a name like Europe/Berlin or UTC")
    for section, listen in (("http", settings.http.listen), ("mqtt", settings.mqtt.listen)):
        try:
            address(listen)
        except ValueError:
            yield Wrong(section, "listen", "address:port, as 127.0.0.1:8080")


def _urls(settings: Settings) -> Iterator[Wrong]:
    web, broker = ("http", "https"), ("mqtt", "mqtts")
    urls = [
        ("http", "public_url", settings.http.public_url, web),
        *(("http", "cors", origin, web) for origin in settings.http.cors),
        ("mqtt", "url", settings.mqtt.url, broker),
        ("cloud", "endpoint_url", settings.cloud.endpoint_url, web),
        ("mail", "endpoint_url", settings.mail.endpoint_url, web),
    ]
    for section, key, url, schemes in urls:
        if url and not _is_url(url, schemes):
            yield Wrong(section, key, f"an address that begins with {schemes[0]}://")


def _is_url(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _amounts(settings: Settings) -> Iterator[Wrong]:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", settings.cloud.table):
        yield Wrong("cloud", "table", "3 to 255 letters, digits, _ - and .")
    if not 1 <= settings.cloud.write_units <= 40_000:
        yield Wrong("cloud", "write_units", "1 to 40000; 25 are free")
    if not 1 <= settings.cloud.seal_after_s <= 3600:
        yield Wrong("cloud", "seal_after_s", "1 to 3600")
    if not 1 <= settings.mail.per_second <= 10_000:
        yield Wrong("mail", "per_second", "1 to 10000")


def _mail(settings: Settings) -> Iterator[Wrong]:
    mail = settings.mail
    for key, text in (("sender", mail.sender), *(("staff", one) for one in mail.staff)):
        if not is_address(text):
            yield Wrong("mail", key, f"{text!r} is no mail address")
    pattern = mail.customer_address
    if pattern and not ("{customer}" in pattern and is_address(pattern.replace("{customer}", "1"))):
        yield Wrong("mail", "customer_address", "an address with {customer} in it")


def _names(section: str, parts: Iterable[RankingSpec | Rule]) -> Iterator[Wrong]:
    seen: set[str] = set()
    for index, part in enumerate(parts):
        if not is_name(part.name) or part.name in seen:
            yield Wrong(section, "name", "1 to 32 of a-z, 0-9 and -, each name once", index)
        seen.add(part.name)


def _ranking(ranking: RankingSpec) -> Iterator[tuple[str, str]]:
    if not ranking.kinds or not all(is_kind(kind) for kind in ranking.kinds):
        yield "kinds", "kinds are texts like order.placed, one at least"
    if not all(is_kind(kind) for kind in ranking.minus):
        yield "minus", "kinds are texts like order.placed"
    for kind in ranking.minus:
        if kind in ranking.kinds:
            yield "minus", f"{kind} is in kinds already; it either adds or takes away"
    if not is_field(ranking.key):
        yield "key", "customer, device or the name of a field"
    summed = ranking.score.removeprefix("sum:")
    if ranking.score != "count" and (summed == ranking.score or not is_field(summed)):
        yield "score", "count, or sum: and the name of a field"
    elif summed == "customer":
        yield "score", "customer is a text; sum: needs a field of whole numbers, as sum:cents"
    if not ranking.windows:
        yield "windows", "one at least of all, today, 7d, 30d"
