"""One rule: which events make a mail, and to which addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from server.settings import MailAddress, MailSection, mail_address
from server.settings import Rule as Spec

UNKNOWN = MailAddress("", "no address is known")
Facts = Mapping[str, Any]  # what a letter may show, by name
FACTS = {  # the cause of a mail, to the facts that its letter may show beside `site` and `matches`
    "on": {"rule", "number", "kind", "device", "customer", "at", "fields"},
    "entered": {"rule", "ranking", "k", "key", "rank", "score", "customer", "at"},
    "silent": {"rule", "silent", "devices", "at"},
}


class Match(NamedTuple):
    """A mail that is due.

    rule: the rule that wants it. key: the event's identity (with the key that entered), the end of a
    digest, that of the day when no address is known, or the first silence that it tells; it is the same for
    the same mail. recipient: an address, "" when none is known. not_before_at: when it may go out, ms since
    1970 UTC, 0 for at once. facts: what its letter may show, one of FACTS. wrong: why there is no recipient,
    "" when there is one.
    """

    rule: Spec
    key: str
    recipient: str
    not_before_at: int
    facts: Facts
    wrong: str = ""


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

    def of(self, to: str, customer: str | None, email: str | None, told: object = None) -> list[MailAddress]:
        """The addresses of a rule's `to`, one or more; one without text when none is known.

        email: the known one of the customer. told: what the event gives as such, which may be no address.
        """
        if to == "staff":
            return [mail_address(one) for one in self.staff]
        if to != "customer" or email:
            return [mail_address(email if to == "customer" and email else to)]
        made = self.customer.replace("{customer}", customer) if customer else ""
        address = mail_address(made) if made else UNKNOWN
        return [mail_address(told) if not address.text and isinstance(told, str) and told else address]
