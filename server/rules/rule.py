"""One rule: which events make a mail, and to whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from server.settings import MailSection, is_address
from server.settings import Rule as Spec

Facts = Mapping[str, Any]  # what a letter may show, by name
FACTS = {  # what makes a mail, to what its letter may show beside `site` and `matches`
    "on": {"rule", "number", "kind", "device", "customer", "at", "fields"},
    "entered": {"rule", "ranking", "k", "key", "rank", "score", "customer", "at"},
    "silent": {"rule", "silent", "devices", "at"},
}


class Match(NamedTuple):
    """A mail that is due. key: the event's identity (with the key that entered), the end of a digest,
    or the first silence that it tells.

    recipient: an address, "" when nobody knows one. not_before_at: ms since 1970 UTC, 0 for at once.
    """

    rule: Spec
    key: str
    recipient: str
    not_before_at: int
    facts: Facts


@dataclass(frozen=True)
class Addresses:
    """Whom `staff` and `customer` mean. customer: a pattern with {customer}, or ""."""

    staff: tuple[str, ...]
    customer: str

    @classmethod
    def known(cls, mail: MailSection) -> Self:
        """Those of the settings."""
        return cls(mail.staff, mail.customer_address)

    def of(self, to: str, customer: str | None, email: str | None) -> tuple[str, ...]:
        """The addresses of a rule's `to`, one or more; ("",) when nobody knows any."""
        if to == "staff":
            return self.staff
        if to != "customer":
            return (to,)
        if email:
            return (email,)
        made = self.customer.replace("{customer}", customer) if customer else ""
        return (made if is_address(made) else "",)
