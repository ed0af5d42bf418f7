"""One rule: which events make a mail, and to which addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from server.settings import MailSection, is_address
from server.settings import Rule as Spec

Facts = Mapping[str, Any]  # what a letter may show, by name
FACTS = {  # the cause of a mail, to the facts that its letter may show beside `site` and `matches`
    "on": {"rule", "number", "kind", "device", "customer", "at", "fields"},
    "entered": {"rule", "ranking", "k", "key", "rank", "score", "customer", "at"},
    "silent": {"rule", "silent", "devices", "at"},
}


class Match(NamedTuple):
    """A mail that is due.

    rule: the rule that wants it. key: the event's identity (with the key that entered), the end of a
    digest, or the first silence that it tells; it is the same for the same mail. recipient: an address,
    "" when none is known. not_before_at: when it may go out, ms since 1970 UTC, 0 for at once.
    facts: what its letter may show, one of FACTS.
    """

    rule: Spec
    key: str
    recipient: str
    not_before_at: int
    facts: Facts


@dataclass(frozen=True)
class Addresses:
    """The addresses behind the words `staff` and `customer` of a rule.

    staff: the addresses of [mail] staff. customer: a pattern with {customer}, or "" for no pattern.
    """

    staff: tuple[str, ...]
    customer: str

    @classmethod
    def known(cls, mail: MailSection) -> Self:
        """The addresses of the settings."""
        return cls(mail.staff, mail.customer_address)

    def of(self, to: str, customer: str | None, email: str | None) -> tuple[str, ...]:
        """The addresses of a rule's `to`, one or more; ("",) when no address is known."""
        if to == "staff":
            return self.staff
        if to != "customer":
            return (to,)
        if email:
            return (email,)
        made = self.customer.replace("{customer}", customer) if customer else ""
        return (made if is_address(made) else "",)
