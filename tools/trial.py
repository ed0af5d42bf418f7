"""What the rules of a configuration would make of one event, without a store."""

from dataclasses import asdict, dataclass
from typing import Any

from server.errors import BadInput
from server.ingest.decode import Taken
from server.rankings.ranking import NotWhole, Ranking, check_whole
from server.rules.evaluate import Evaluator, Occurrence
from server.rules.rule import Addresses, Match
from server.rules.where import Where
from server.settings import Rule, Settings, is_address
from sync.letter import Letters


@dataclass(frozen=True)
class TriedMail:
    """A mail that would be made. recipient: "" when no address is known. error: why its letter fails."""

    recipient: str
    subject: str | None = None
    text: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What a rule makes of an event. reason: why it makes nothing of it. notes: what that assumes."""

    rule: Rule
    reason: str | None
    notes: list[str]
    mails: list[TriedMail]

    def row(self) -> dict[str, Any]:
        """As programs read it."""
        return {
            "rule": self.rule.name, "matches": self.reason is None, "reason": self.reason,
            "number": self.rule.every if self.reason is None else None, "notes": self.notes,
            "mails": [asdict(mail) for mail in self.mails],
        }  # fmt: skip


class Trial:
    """Judges events of one device, as an edge with these settings would."""

    def __init__(self, settings: Settings, device: str) -> None:
        self._settings = settings
        self._device = device
        self._letters = Letters(settings.mail.sender, settings.edge.site)
        addresses = Addresses(settings.mail.staff, settings.mail.customer_address)
        self._evaluator = Evaluator(settings.rule, addresses)

    def judge(self, event: Taken) -> list[Verdict]:
        """What each rule makes of it, in their order. Raises BadInput for what intake would refuse."""
        rankings = [Ranking(spec, []) for spec in self._settings.ranking]
        summed = [one.field for one in rankings if one.field and one.weight(event.kind)]
        try:
            check_whole(summed, event.fields)
        except NotWhole as error:
            raise BadInput(error.field, f"The edge would refuse it: {error}.") from error
        fields = {name: value for name, value in event.fields.items() if name != "customer"}
        customer, email = event.fields.get("customer"), fields.get("email")
        known = email if customer and isinstance(email, str) and is_address(email) else None
        seen = Occurrence("", event.kind, self._device, customer, known, event.at, event.at, fields)
        return [self._verdict(rule, seen) for rule in self._settings.rule]

    def _verdict(self, rule: Rule, event: Occurrence) -> Verdict:
        if rule.on != event.kind:
            return Verdict(rule, f"it is on {rule.on}, not on {event.kind}", [], [])
        who = event.customer, self._device
        failed = [str(one) for one in rule.conditions if not Where([one]).accepts(event.fields, who)]
        if failed:
            return Verdict(rule, f"{' and '.join(failed)} does not hold", [], [])
        matches = self._evaluator.letters(rule, rule.every, event)
        return Verdict(rule, None, self._notes(rule, event), [self._mail(match) for match in matches])

    def _notes(self, rule: Rule, event: Occurrence) -> list[str]:
        whose = f"of customer {event.customer}" if event.customer else "without a customer"
        notes = [f"assuming that it is number {rule.every} {whose} that this rule counts"]
        if rule.to == "customer" and event.customer and not event.email:
            notes.append("an address that an earlier event of the customer told would be taken instead")
        if rule.digest:
            notes.append(
                f"one mail for all of the {rule.digest} that goes out at its end and shows the first"
            )
        if self._settings.mail.mode == "off":
            notes.append("[mail] mode is off: mails are kept, and none goes out")
        return notes

    def _mail(self, match: Match) -> TriedMail:
        try:
            letter = self._letters.render(match.rule.template, match.facts, (match.recipient, ""))
        except BadInput as error:
            return TriedMail(match.recipient, error=error.sentence)
        return TriedMail(match.recipient, letter.subject, letter.text)
