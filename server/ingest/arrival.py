"""Arrivals, and what becomes of them."""

from collections.abc import Callable

import msgspec


class UpArrival(msgspec.Struct, frozen=True):
    """An `up` message of a board.

    device: its name, from the topic. payload: a frame, not decoded yet. received_at: ms since 1970 UTC.
    """

    device: str
    payload: bytes
    received_at: int


class Once(msgspec.Struct, frozen=True):
    """A post that its sender may repeat.

    key, body: hashes of the Idempotency-Key and the body. render: makes the bytes of the answer, which are
    kept in the transaction of the events.
    """

    key: bytes
    body: bytes
    render: Callable[["Outcome"], bytes]


class Posting(msgspec.Struct, frozen=True, eq=False):
    """Events of the `json` shape, from a foreign MQTT client or over HTTP.

    source: the name of a device, or of a token as `http-<name>`. objects: the decoded events; a message that
    does not decode is one object, an Undecoded. received_at: ms since 1970 UTC. settle: called on the event
    loop once, after the commit. trusted: whether the source was checked before, so that its name may be new
    to the register. once: of a post with an Idempotency-Key, else None. size: bytes as they were sent.
    """

    source: str
    objects: list[object]
    received_at: int
    settle: Callable[["Outcome"], None]
    trusted: bool = False
    once: Once | None = None
    size: int = 0


class Undecoded(msgspec.Struct, frozen=True):
    """A message that cannot be decoded. payload: the beginning of its bytes. reason: a sentence."""

    payload: bytes
    reason: str


Arrival = UpArrival | Posting


class AckDue(msgspec.Struct, frozen=True):
    """What a board is told after the commit.

    device: the name of the board. The others are those of wire.ack.Ack: epoch of its outbox; acked, the last
    committed seq without a gap, 0 for none; want, the seq that is needed next after a gap, else None; err,
    what was wrong with the latest frame, else None.
    """

    device: str
    epoch: int
    acked: int
    want: int | None = None
    err: str | None = None


class Outcome(msgspec.Struct):
    """What became of posted events.

    accepted: how many were committed. duplicate: how many were known by their id. rejected: (index in the
    list, reason) of each refused one. notes: (index, sentence) of what of a taken one could not be kept.
    answer: the bytes that the first post under the same Idempotency-Key was told, or is told now; None
    without a key. key_reused: whether another body came under that key before; then nothing was taken.
    """

    accepted: int = 0
    duplicate: int = 0
    rejected: list[tuple[int, str]] = []
    notes: list[tuple[int, str]] = []
    answer: bytes | None = None
    key_reused: bool = False
