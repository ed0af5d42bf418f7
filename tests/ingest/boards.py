"""Boards without a board: frames as a board makes them, and what its edge must have stored."""

from dataclasses import dataclass, field

from firmware.wire import event, frame
from firmware.wire.event import Event

NOW = 1_795_000_000_000


def order(customer: str, cents: int, at: int = NOW, kind: str = "order.placed") -> Event:
    """An order of a board whose clock the edge has set."""
    return Event(
        kind, {"customer": customer, "quantity": 1, "cents": cents}, 1, at - NOW + 1_000, at, event.EDGE
    )


@dataclass
class Board:
    """Emits events and cuts frames out of them."""

    name: str
    epoch: int
    emitted: list[bytes] = field(default_factory=list)

    def emit(self, one: Event) -> None:
        """Let something happen."""
        self.emitted.append(event.encode(one))

    def frame(self, first: int, count: int) -> bytes:
        """The frame of `count` events from seq `first` on."""
        records = self.emitted[first - 1 : first - 1 + count]
        return frame.encode(frame.Up(self.epoch, first, records, 1, 2_000))
