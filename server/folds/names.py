"""Names that the log keeps as small integers: devices, kinds, customers and ranked values."""

from server.settings import mail_address
from server.store import customers, devices, names
from server.store.connection import Connection
from server.store.names import NOUNS, Noun


class Names:
    """All committed names, in memory.

    ids, names: noun to name to id, and back. Ids begin with 1 and have no gaps, so the names of a noun are
    a list.

    senders: ids of devices that may send. emails: customer id to address, where one is known.
    """

    def __init__(self, connection: Connection) -> None:
        self.ids: dict[Noun, dict[str, int]] = {}
        self.names: dict[Noun, list[str]] = {}
        for noun in NOUNS:
            self.ids[noun], self.names[noun] = {}, []
            for number, name in names.everything(connection, noun):
                self.adopt(noun, name, number)
        self.senders = devices.senders(connection)
        self.emails = customers.emails(connection)

    def adopt(self, noun: Noun, name: str, number: int) -> None:
        """Take over a committed name."""
        self.ids[noun][name] = number
        known = self.names[noun]
        while len(known) <= number:
            known.append("")
        known[number] = name


class Fresh:
    """Names inside one transaction: the committed ones, and those that it adds."""

    def __init__(self, committed: Names, connection: Connection, now: int) -> None:
        self._names = committed
        self._committed = committed.ids
        self._connection = connection
        self._now = now
        self.added: dict[tuple[Noun, str], int] = {}
        self._back: dict[tuple[Noun, int], str] = {}
        self.emails: dict[int, str] = {}

    def id(self, noun: Noun, name: str) -> int:
        """The integer of a name, inserted when it is new."""
        known = self._committed[noun].get(name) or self.added.get((noun, name))
        if known is None:
            known = self.added[(noun, name)] = names.insert(self._connection, noun, name, self._now)
            self._back[(noun, known)] = name
        return known

    def name(self, noun: Noun, number: int) -> str:
        """The name of an integer."""
        return self._back.get((noun, number)) or self._names.names[noun][number]

    def term(self, name: str) -> int:
        """The integer of a value that a ranking ranks."""
        return self.id("term", name)

    def email(self, customer: int | None) -> str | None:
        """A customer's address, None when it is not known."""
        if customer is None:
            return None
        return self.emails.get(customer) or self._names.emails.get(customer)

    def tell_email(self, customer: int, told: object) -> None:
        """Keep a customer's address, if it is a valid address and a new one."""
        known = self.email(customer)
        if not isinstance(told, str) or told == known:
            return
        address = mail_address(told).text
        if address and address != known:
            customers.set_email(self._connection, customer, address)
            self.emails[customer] = address

    def adopt(self) -> None:
        """Make known what was added; call this after the commit."""
        for (noun, name), number in self.added.items():
            self._names.adopt(noun, name, number)
        self._names.emails.update(self.emails)
        self.added, self._back, self.emails = {}, {}, {}
