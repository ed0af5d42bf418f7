"""Checks of rules that have the right types, but make no sense."""

from collections.abc import Callable, Iterator

from firmware.wire.event import is_kind
from server.settings.mail_address import is_address
from server.settings.phrases import Top
from server.settings.sections import Rule, Settings

Found = tuple[str, str]  # key, sentence
CAUSES = ("on", "entered", "silent")


def wrongs_of_rule(rule: Rule, settings: Settings) -> Iterator[Found]:
    """Everything that is wrong with a rule."""
    causes = [cause for cause in CAUSES if getattr(rule, cause)]
    if not causes:
        yield "on", "is missing; a rule has on, entered or silent"
    elif len(causes) > 1:
        yield causes[1], f"there is {causes[0]} already; leave one of them out"
    if rule.on and not is_kind(rule.on):
        yield "on", "a kind like order.placed"
    for key, parsed in (
        ("where", lambda: rule.conditions), ("entered", lambda: rule.top),
        ("silent", lambda: rule.silent_ms), ("quiet", lambda: rule.hours),
    ):  # fmt: skip
        yield from _parsed(rule, key, parsed)
    if rule.every < 1:
        yield "every", "1 or more"
    if rule.to not in ("customer", "staff") and not is_address(rule.to):
        yield "to", "customer, staff or a mail address"
    if rule.to == "staff" and not settings.mail.staff:
        yield "to", "nobody is staff: name addresses in [mail] staff"
    if rule.entered:
        yield from _entered(rule, settings)
    if rule.silent:
        yield from _silent(rule)


def _parsed(rule: Rule, key: str, parse: Callable[[], object]) -> Iterator[Found]:
    try:
        parse()
    except ValueError as error:
        yield key, f"rule {rule.name}: {error}"


def _entered(rule: Rule, settings: Settings) -> Iterator[Found]:
    if rule.every != 1:
        yield "every", "leave it out; it counts events, and each entry makes a mail"
    if rule.where:
        yield "where", "leave it out; it asks for events, so it goes with on"
    top: Top | None = rule.top
    assert top is not None
    ranking = next((one for one in settings.ranking if one.name == top.ranking), None)
    if ranking is None:
        known = ", ".join(one.name for one in settings.ranking) or "none"
        yield "entered", f"there is no ranking {top.ranking}; there are: {known}"
    elif "all" not in ranking.windows:
        yield "entered", f"it looks at all time; add 'all' to the windows of ranking {ranking.name}"
    elif rule.to == "customer" and ranking.key != "customer":
        yield "to", f"ranking {ranking.name} ranks {ranking.key}; customer needs one with key = 'customer'"


def _silent(rule: Rule) -> Iterator[Found]:
    if rule.to == "customer":
        yield "to", "staff or a mail address; silent is about devices, which have no customer"
    if rule.every != 1:
        yield "every", "leave it out; it counts events, so it goes with on"
    if rule.digest:
        yield "digest", "leave it out; silent gathers devices in one mail by itself"
    for condition in rule.conditions:
        if condition.field != "device":
            yield "where", f"'{condition}'; silent can ask for the device only, as device != 'till-9'"
