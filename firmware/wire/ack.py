"""The edge's answer: everything up to a seq is committed.

JSON, which MicroPython has built in, always written in the same order.
"""

import json

from firmware.wire.errors import WireError


class Ack:
    """An ack: cumulative and idempotent.

    epoch: of the board's outbox. acked: the last committed seq without a gap, 0 for none.
    now: the edge's clock, ms since 1970 UTC. win: how many frames may be under way, 0 to back off.
    want: the seq that the edge needs next when it found a gap or was set back, else None.
    err: what was wrong with the latest frame, else None.
    """

    def __init__(
        self,
        epoch: int,
        acked: int,
        now: int,
        win: int,
        want: int | None = None,
        err: str | None = None,
    ):
        self.epoch = epoch
        self.acked = acked
        self.now = now
        self.win = win
        self.want = want
        self.err = err


def encode(ack: Ack) -> bytes:
    """The bytes of an ack."""
    text = '{"epoch":%d,"acked":%d,"now":%d,"win":%d' % (ack.epoch, ack.acked, ack.now, ack.win)
    if ack.want is not None:
        text += ',"want":%d' % ack.want
    if ack.err is not None:
        text += ',"err":' + json.dumps(ack.err)
    return (text + "}").encode()


def decode(payload: bytes) -> Ack:
    """The ack in a message. Raises WireError for any other message."""
    try:
        body = json.loads(payload)
        numbers = [body["epoch"], body["acked"], body["now"], body["win"]]
        want = body.get("want")
        err = body.get("err")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WireError("no ack: JSON with epoch, acked, now and win")
    if want is not None:
        numbers.append(want)
    for number in numbers:
        if type(number) is not int or number < 0:
            raise WireError("no ack: whole numbers, not below 0")
    return Ack(numbers[0], numbers[1], numbers[2], numbers[3], want, err)
