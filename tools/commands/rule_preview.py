"""The mails that the rules of a configuration would make of one event; nothing is stored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from server.calendar import Days
from server.errors import BadInput
from server.ingest.decode import Taken
from server.rules.evaluate import Entered, Evaluator, Occurrence
from server.rules.rule import Addresses, Match
from server.rules.where import Where
from server.settings import Rule, Settings, Top, mail_address
from sync.mail.letter import Envelope, Letters
from tools.commands.ranking_preview import MOST, Neighbours, entries, own_key, ranking_of
from tools.output import Json


@dataclass(frozen=True)
class TriedMail:
    """A mail that would be made.

    recipient: an address, "" when none is known. wrong: why there is none, "" with an address. subject,
    text: of the letter, None when it fails. error: a sentence why it fails, else None.
    """

    recipient: str
    wrong: str = ""
    subject: str | None = None
    text: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What a rule makes of an event.

    rule: the rule. reason: why it makes nothing, or why that is not known; None when it makes mails. notes:
    the assumptions behind it. mails: the ones that would be made. known: whether all that the rule needs is
    known. number: of the event among those that the rule counts, None when it counts none.
    """

    rule: Rule
    reason: str | None
    notes: list[str]
    mails: list[TriedMail]
    known: bool = True
    number: int | None = None

    def row(self) -> Json:
        """The verdict for programs; `matches` is null when it is not known."""
        return {
            "rule": self.rule.name, "matches": self.reason is None if self.known else None,
            "reason": self.reason, "number": self.number, "notes": self.notes,
            "mails": [asdict(mail) for mail in self.mails],
        }  # fmt: skip


class RulePreview:
    """Judges one event of one device, as an edge with these settings would. now: ms since 1970 UTC.

    Raises BadInput for an event that intake would refuse.
    """

    def __init__(self, settings: Settings, device: str, event: Taken, now: int) -> None:
        self._settings = settings
        self._letters = Letters(settings.mail.sender, settings.edge.site, settings.zone)
        offset = Days(settings.zone).offset
        self._evaluator = Evaluator(settings.rule, Addresses.known(settings.mail), offset)
        fields = {name: value for name, value in event.fields.items() if name != "customer"}
        customer, email = event.fields.get("customer"), fields.get("email")
        known = mail_address(email).text or None if customer and isinstance(email, str) else None
        self.event = Occurrence("", event.kind, device, customer, known, event.at, now, fields)

    def judge(self, known: Mapping[Top, Neighbours | str]) -> list[Verdict]:
        """The verdict of each rule, in their order. known: the rankings that rules ask for."""
        return [self._verdict(rule, known) for rule in self._settings.rule]

    def _verdict(self, rule: Rule, known: Mapping[Top, Neighbours | str]) -> Verdict:
        event = self.event
        if rule.silent:
            return Verdict(rule, "it looks at devices that are not heard, not at events", [], [])
        if rule.top is not None:
            return self._entered(rule, rule.top, known[rule.top])
        if rule.on != event.kind:
            return Verdict(rule, f"it is on {rule.on}, not on {event.kind}", [], [])
        who = event.customer, event.device
        failed = [str(one) for one in rule.conditions if not Where([one]).accepts(event.fields, who)]
        if failed:
            return Verdict(rule, f"{' and '.join(failed)} does not hold", [], [])
        whose = f"of customer {event.customer}" if event.customer else "without a customer"
        note = f"assuming that it is number {rule.every} {whose} that this rule counts"
        matches = self._evaluator.letters(rule, rule.every, event)
        customer = event.customer if not event.email else None
        verdict = self._matched(rule, [note], matches, customer)
        return replace(verdict, number=rule.every)

    def _entered(self, rule: Rule, top: Top, known: Neighbours | str) -> Verdict:
        event, ranking = self.event, ranking_of(self._settings, top)
        if event.kind not in (*ranking.kinds, *ranking.minus):
            return Verdict(rule, f"ranking {top.ranking} does not count {event.kind}", [], [])
        if isinstance(known, str):
            return Verdict(rule, known, [], [], known=False)
        notes = [f"as ranking {top.ranking} of the edge that runs stands now"]
        key = own_key(ranking, event)
        if key is not None and not known.listed:
            notes.append(f"assuming a score of 0 for {key}, which is not listed there")
        if top.k == MOST:
            notes.append(f"who would follow from behind number {MOST} is not known")
        found = entries(self._settings, top, known, event)
        if not found:
            return Verdict(rule, f"nobody would come into the {top}", notes, [])
        (entry,) = found
        notes.append(f"{entry.key} would be number {entry.rank}, with a score of {entry.score}")
        customer = entry.key if entry.noun == "customer" else None
        email = event.email if customer == event.customer else None
        entered = Entered(*top, entry.key, entry.rank, entry.score, customer, email)
        matches = self._evaluator.welcomes(rule, entered, event)
        return self._matched(rule, notes, matches, customer if not email else None)

    def _matched(self, rule: Rule, notes: list[str], matches: list[Match], customer: str | None) -> Verdict:
        """The verdict with these matches. customer: the one whose address the event does not tell."""
        if rule.to == "customer" and customer:
            notes.append("an address that an earlier event of the customer told would be taken instead")
        if rule.digest:
            notes.append(
                f"one mail for all of the {rule.digest} that goes out at its end and shows the first"
            )
        if rule.quiet:
            waits = any(match.not_before_at for match in matches) and not rule.digest
            when = "these are" if waits else "in"
            notes.append(f"{when} quiet hours, {rule.quiet}: it waits for their end")
        if self._settings.mail.mode == "off":
            notes.append("[mail] mode is off: mails are kept, and none goes out")
        return Verdict(rule, None, notes, [self._mail(match) for match in matches])

    def _mail(self, match: Match) -> TriedMail:
        try:
            letter = self._letters.render(match.rule.letter, match.facts, Envelope(match.recipient))
        except BadInput as error:
            return TriedMail(match.recipient, match.wrong, error=error.sentence)
        return TriedMail(match.recipient, match.wrong, letter.subject, letter.text)
