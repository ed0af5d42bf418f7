"""What arrives, and what becomes of it."""

from collections.abc import Callable

import msgspec


class UpArrival(msgspec.Struct, frozen=True):
    """An `up` message of a board. received_at: ms since 1970 UTC."""

    device: str
    payload: bytes
    received_at: int


class Once(msgspec.Struct, frozen=True):
    """Of a post that its sender may repeat. key, body: hashes of the Idempotency-Key and the body.

    render: the bytes of the answer, kept in the transaction of the events.
    """

    key: bytes
    body: bytes
    render: Callable[["Outcome"], bytes]


class Posting(msgspec.Struct, frozen=True, eq=False):
    """Events of the `json` shape, from a foreign MQTT client or over HTTP.

    objects: the decoded events; a message that does not decode is one object, an Undecoded.
    settle: called on the event loop once, after the commit.
    trusted: whether the source was checked before, so that its name may be new to the register.
    once: of a post with an Idempotency-Key. size: bytes as they were sent.
    """

    source: str
    objects: list[object]
    received_at: int
    settle: Callable[["Outcome"], None]
    trusted: bool = False
    once: Once | None = None
    size: int = 0


class Undecoded(msgspec.Struct, frozen=True):
    """Bytes that are no JSON."""

    payload: bytes
    reason: str


Arrival = UpArrival | Posting


class AckDue(msgspec.Struct, frozen=True):
    """What a board is told after the commit; the fields are those of wire.ack.Ack."""

    device: str
    epoch: int
    acked: int
    want: int | None = None
    err: str | None = None


class Outcome(msgspec.Struct):
    """What became of posted events. rejected: (index in the list, reason) of each refused one.

    answer: the bytes that the first post under the same Idempotency-Key was told, or is told now.
    key_reused: another body came under that key before; nothing was taken.
    """

    accepted: int = 0
    duplicate: int = 0
    rejected: list[tuple[int, str]] = []
    answer: bytes | None = None
    key_reused: bool = False
