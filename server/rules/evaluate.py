"""Rules over events in log order: counts per customer, and the mails that are due."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from server.calendar import Offset, next_day, next_hour
from server.rules import mail_key
from server.rules.quiet import not_before
from server.rules.rule import UNKNOWN, Addresses, Facts, Match
from server.rules.where import Where, Who
from server.settings import MailAddress
from server.settings import Rule as Spec

Told = tuple[str, int, Mapping[str, object]]  # kind, best known time (ms), fields without the customer


NONE: Mapping[int, int] = {}


class Counts(defaultdict[str, dict[int, int]]):
    """How many events a rule accepted, by rule and customer; customer 0 is an event without one."""

    def __init__(self) -> None:
        super().__init__(dict)

    def add(self, rule: str, customer: int = 0) -> None:
        """Count one more."""
        counted = self[rule]
        counted[customer] = counted.get(customer, 0) + 1


class Occurrence(NamedTuple):
    """An accepted event, as rules see it.

    identity: device/epoch/seq. kind: as `order.placed`. device: the name of the board, or of the source
    of a posted event. customer: the name in the event, None for an event without one. email: the
    customer's known address, None when nobody told one. at: best known time; received_at: when the
    edge received it; both ms since 1970 UTC. fields: without the customer.
    """

    identity: str
    kind: str
    device: str
    customer: str | None
    email: str | None
    at: int
    received_at: int
    fields: Mapping[str, object]


class Entered(NamedTuple):
    """A key that came into the best k of a ranking by an event.

    k: how many keys are among the best. ranking: its name. key: the name of the key. rank: from 1; score: a
    whole number, cents for a sum of cents; both right after the event. customer: the key where it is a
    customer, else None. email: the address that this customer told, else None.
    """

    k: int
    ranking: str
    key: str
    rank: int
    score: int
    customer: str | None
    email: str | None


class Evaluator:
    """Matches of events against rules; knows no clock and keeps no state between batches.

    offset: of the site's time zone.
    plain: the rules on a kind whose rules all lack a `where`; they accept every event of the kind.
    asked: the other kinds that have rules.
    """

    def __init__(self, rules: Iterable[Spec], addresses: Addresses, offset: Offset) -> None:
        self._by_kind: dict[str, list[Spec]] = {}
        self._wheres: dict[str, Where] = {}  # by rule
        self.asked: set[str] = set()
        for rule in rules:
            if not rule.on:
                continue
            self._by_kind.setdefault(rule.on, []).append(rule)
            if rule.conditions:
                self._wheres[rule.name] = Where(rule.conditions)
                self.asked.add(rule.on)
        self.plain = {kind: rules for kind, rules in self._by_kind.items() if kind not in self.asked}
        self._addresses = addresses
        self._offset = offset

    def accepting(self, event: Told, who: Who) -> list[Spec]:
        """The rules that an event counts for."""
        rules, wheres = self._by_kind.get(event[0], []), self._wheres
        return [rule for rule in rules if rule.name not in wheres or wheres[rule.name].accepts(event[2], who)]

    def count(self, rules: Iterable[Spec], customer_id: int, counts: Counts) -> None:
        """Count an event without making mails: what a start does with events since the checkpoint."""
        for rule in rules:
            counts.add(rule.name, customer_id)

    def due(
        self, rules: Iterable[Spec], customer_id: int, before: Counts, counts: Counts
    ) -> list[tuple[Spec, int]]:
        """Count an event that `rules` accept; the rules that make a mail of it, each with the event's number.

        customer_id: 0 for an event without a customer. before: committed counts. counts: of this batch,
        changed here.
        """
        found: list[tuple[Spec, int]] = []
        for rule in rules:
            counted = counts[rule.name]
            counted[customer_id] = new = counted.get(customer_id, 0) + 1
            number = before.get(rule.name, NONE).get(customer_id, 0) + new
            if number % rule.every == 0:
                found.append((rule, number))
        return found

    def letters(self, rule: Spec, number: int, event: Occurrence) -> list[Match]:
        """The mails of an event that is due."""
        facts = {
            "rule": rule.name, "number": number, "kind": event.kind, "device": event.device,
            "customer": event.customer, "at": event.at, "fields": dict(event.fields),
        }  # fmt: skip
        addresses = self._addresses.of(rule.to, event.customer, event.email, event.fields.get("email"))
        return self._matches(rule, event.identity, event.received_at, addresses, facts)

    def welcomes(self, rule: Spec, entered: Entered, event: Occurrence) -> list[Match]:
        """The mails of an entry. event: its cause, maybe another customer's, so mails tell little of it."""
        facts = {
            "rule": rule.name, "ranking": entered.ranking, "k": entered.k, "key": entered.key,
            "rank": entered.rank, "score": entered.score, "customer": entered.customer, "at": event.at,
        }  # fmt: skip
        addresses = self._addresses.of(rule.to, entered.customer, entered.email)
        key = mail_key.entry(event.identity, entered.key)
        return self._matches(rule, key, event.received_at, addresses, facts)

    def _matches(
        self, rule: Spec, key: str, at: int, addresses: list[MailAddress], facts: Facts
    ) -> list[Match]:
        """The mails to these addresses. Those for whom no address is known are counted, in one row a day."""
        key, not_before_at = self._when(rule, key, at)
        if addresses == [UNKNOWN] and not rule.digest:
            key, not_before_at = mail_key.nobody(next_day(at, self._offset)), 0
        return [Match(rule, key, one.text, not_before_at, facts, one.wrong) for one in addresses]

    def _when(self, rule: Spec, key: str, at: int) -> tuple[str, int]:
        """The key of a mail that is born at `at`, and when it may go out; 0 for at once."""
        begins_at = at
        if rule.digest:
            begins_at = (next_hour if rule.digest == "hour" else next_day)(at, self._offset)
            key = mail_key.digest(
                rule.digest, begins_at
            )  # a digest by UTC, as they began before, is another one
        return key, not_before(rule.hours, begins_at, at, self._offset)
