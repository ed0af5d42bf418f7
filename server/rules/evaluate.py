"""Rules over events in log order: counts a customer, and the mails that are due."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from server.rules.rule import Addresses, Match, period
from server.settings import Rule as Spec

Counts = dict[tuple[str, int], int]  # (rule, customer, 0 for none) -> accepted events


class Occurrence(NamedTuple):
    """An accepted event, as rules see it. identity: device/epoch/seq."""

    identity: str
    kind: str
    device: str
    customer_id: int
    customer: str | None
    email: str | None
    at: int
    received_at: int
    fields: Mapping[str, Any]


class Evaluator:
    """Matches of events against rules; knows no clock and keeps no state between batches."""

    def __init__(self, rules: Iterable[Spec], addresses: Addresses) -> None:
        self._by_kind: dict[str, list[Spec]] = {}
        for rule in rules:
            self._by_kind.setdefault(rule.on, []).append(rule)
        self._addresses = addresses

    def wants(self, kind: str) -> bool:
        """Whether any rule is on this kind."""
        return kind in self._by_kind

    def count(self, kind: str, customer_id: int, counts: Counts) -> None:
        """Count an event without making mails: what a start does with events since the checkpoint."""
        for rule in self._by_kind.get(kind, ()):
            key = (rule.name, customer_id)
            counts[key] = counts.get(key, 0) + 1

    def evaluate(
        self, event: Occurrence, before: Mapping[tuple[str, int], int], counts: Counts
    ) -> list[Match]:
        """Mails due for one event. before: committed counts; counts: of this batch, changed here."""
        matches: list[Match] = []
        for rule in self._by_kind.get(event.kind, ()):
            key = (rule.name, event.customer_id)
            counts[key] = counts.get(key, 0) + 1
            number = before.get(key, 0) + counts[key]
            if number % rule.every == 0:
                matches += self._letters(rule, event, number)
        return matches

    def _letters(self, rule: Spec, event: Occurrence, number: int) -> list[Match]:
        key, not_before_at = event.identity, 0
        if rule.digest:
            key, not_before_at = period(rule, event.received_at)
        facts = {
            "rule": rule.name, "number": number, "kind": event.kind, "device": event.device,
            "customer": event.customer, "at": event.at, "fields": dict(event.fields),
        }  # fmt: skip
        return [
            Match(rule, key, recipient, not_before_at, facts)
            for recipient in self._addresses.of(rule.to, event.customer, event.email)
        ]
