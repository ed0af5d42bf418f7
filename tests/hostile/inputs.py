"""Inputs that no honest client sends, one after the other, drawn from a seed."""

import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgpack

UP, JSON, STATE, RES, POST = "up", "json", "state", "res", "post"
DOORS = (UP, UP, UP, JSON, JSON, JSON, STATE, RES, POST)
NOT_DEVICES = ("Evil", "-evil", "e" * 33, "ev il", "év", "$sys", "a_b", "%00", "..", "evil\u202e", "' OR 1")
STRANGERS = ("nobody", "0", "evil-", "e" * 32)
HUGE = (2**53, 2**63, 2**64 - 1, -(2**63), 10**400, 1e308, -1, 0.5)
WRONG = (None, True, False, [], {}, [[]], "", "x", 7, -7, 1.5)
NAMES = (
    "",
    "a b",
    "a\x00b",
    "\x1b[2J",
    "\n",
    "a" * 33,
    "ü",
    "\ud800",
    "\u202e",
    "kind\r\nx: y",
    "__proto__",
    "'; --",
)


@dataclass(frozen=True)
class Input:
    """device: what stands in its place. refused: surely no event, so that a reject must tell why."""

    door: str
    device: str
    payload: bytes
    refused: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Inputs:
    """An endless source: `draw` gives the next one, or one of the last again."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._last: list[Input] = []
        self._makers: dict[str, tuple[Callable[[], tuple[bytes, bool]], ...]] = {
            UP: (self._frame, self._twisted, self._bytes, self._cut, self._flipped, self._deep, self._big),
            JSON: (self._object, self._objects, self._text, self._bytes, self._deep_json, self._big_json),
            STATE: (self._state, self._text, self._bytes, self._deep_json, self._big_json),
            RES: (self._object, self._text, self._bytes, self._deep_json, self._big_json),
            POST: (self._object, self._objects, self._text, self._bytes, self._deep_json, self._big_json),
        }

    def __iter__(self) -> Iterator[Input]:
        while True:
            yield self.draw()

    def draw(self) -> Input:
        """The next input: new, doubled, or an older one out of its order."""
        if self._last and self._chance.random() < 0.1:
            return self._chance.choice(self._last)
        door = self._chance.choice(DOORS)
        payload, refused = self._chance.choice(self._makers[door])()
        one = Input(door, self._device(), payload, refused, self._headers() if door == POST else {})
        self._last = [*self._last[-50:], one]
        return one

    def _device(self) -> str:
        odds = self._chance.random()
        if odds < 0.9:
            return self._chance.choice(("evil-1", "evil-2", "evil-3"))
        return self._chance.choice(STRANGERS if odds < 0.95 else NOT_DEVICES)

    def _headers(self) -> dict[str, str]:
        choices: list[dict[str, str]] = [
            {}, {}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}, {"Idempotency-Key": "k"},
            {"Idempotency-Key": "x" * 300}, {"Content-Type": "text/plain"}, {"Idempotency-Key": self._word()},
        ]  # fmt: skip
        return self._chance.choice(choices)

    # msgpack: frames of boards

    def _record(self) -> bytes:
        chance = self._chance
        fields: dict[object, object] = {self._name(): self._value() for _ in range(chance.randrange(4))}
        event = [chance.choice((0, 3, "a.b", "A", 99, "device.lost", self._value())), fields, 1, 5, 0, 0]
        if chance.random() < 0.5:
            event[chance.randrange(6)] = self._value()
        return bytes(_packed(event))

    def _frame(self) -> tuple[bytes, bool]:
        """A frame in order, with records that are not; its cursor moves on."""
        chance = self._chance
        records = [self._record() for _ in range(chance.randrange(1, 5))]
        return _packed([1, chance.randrange(1, 6), chance.randrange(1, 400), records, 1, 9]), False

    def _twisted(self) -> tuple[bytes, bool]:
        frame: list[object] = [1, 3, 1, [b"x"], 1, 9]
        frame[self._chance.randrange(6)] = self._chance.choice((None, [], {}, -1, 2**63, 1.5, "x", [[]], [7]))
        return _packed(frame), True

    def _cut(self) -> tuple[bytes, bool]:
        whole, _ = self._frame()
        return whole[: self._chance.randrange(len(whole))], True

    def _flipped(self) -> tuple[bytes, bool]:
        whole = bytearray(self._frame()[0])
        whole[self._chance.randrange(len(whole))] ^= 1 << self._chance.randrange(8)
        return bytes(whole), False

    def _deep(self) -> tuple[bytes, bool]:
        return b"\x91" * self._chance.choice((50, 600, 1100, 4000)), True

    def _big(self) -> tuple[bytes, bool]:
        record = bytes(self._chance.choice((4090, 10_000, 200_000)))
        return _packed([1, 3, 1, [record], 1, 9]), True

    def _bytes(self) -> tuple[bytes, bool]:
        data = self._chance.randbytes(self._chance.randrange(1, 60))
        return b"\xc1" + data, True  # a byte that neither msgpack nor UTF-8 knows

    # JSON: foreign clients

    def _value(self) -> object:
        chance = self._chance
        return chance.choice(
            (chance.choice(WRONG), chance.choice(HUGE[:4]), self._word(), {"a": [1]}, b"\xff")
        )

    def _name(self) -> str:
        return self._chance.choice((*NAMES, "cents", "customer", "quantity", "of_at", "email", "item"))

    def _word(self) -> str:
        return self._chance.choice(
            ("ok", "a" * 257, "%s%n", "{{7*7}}", "<script>", "e\u0301", "\u0085", "../../x")
        )

    def _event(self) -> dict[str, object]:
        chance = self._chance
        event: dict[str, object] = {
            "kind": chance.choice(("a.b", "order.placed", "", 7, "A", "k" * 49, None))
        }
        for name in chance.sample(("id", "at", "customer", "cents", "of_at", "email", self._name()), 3):
            odd = chance.choice((*WRONG, *HUGE, *NAMES, self._word()))
            event[name] = odd
        return event

    def _object(self) -> tuple[bytes, bool]:
        return json.dumps(self._event()).encode(), False

    def _objects(self) -> tuple[bytes, bool]:
        count = self._chance.choice((0, 1, 5, 50, 1100))
        return json.dumps(
            [self._chance.choice((self._event(), 7, None, [])) for _ in range(count)]
        ).encode(), False

    def _state(self) -> tuple[bytes, bool]:
        facts = {
            "online": self._chance.choice((True, False, 1, None, "true")),
            "epoch": self._value_of_json(),
        }
        return json.dumps(facts | {"firmware": self._word(), "rssi": self._value_of_json()}).encode(), False

    def _value_of_json(self) -> object:
        return self._chance.choice((*WRONG, *HUGE))

    def _text(self) -> tuple[bytes, bool]:
        texts = (
            b"", b"{", b'{"kind":', b"\xff\xfe",
            b'{"kind": "a\xed\xa0\x80"}', b'\x00{"kind": "a"}', b'"\xc3"', b"{'kind': 'a'}",
            b'{"kind": "a"} {"kind": "b"}', b"[" + b"9" * 5000 + b"]",
        )  # fmt: skip
        read = (  # taken, or refused in another form than it came in
            b'{"kind": "a", "x": NaN}', b'{"kind": "a", "x": -Infinity}', b"[1e999]", b'{"x": "\\ud800"}',
        )  # fmt: skip
        text = self._chance.choice((*texts, *read))
        return text, text not in read

    def _deep_json(self) -> tuple[bytes, bool]:
        depth = self._chance.choice((1100, 5000, 30_000))
        opened = self._chance.choice((b"[", b'{"a":', b'[{"kind":'))
        return opened * depth, True

    def _big_json(self) -> tuple[bytes, bool]:
        size = self._chance.choice((70_000, 300_000, 1_040_000))
        body = b'{"kind":"a","x":"' + b"y" * size + b'"}'
        return body + b" " * 10_000 * (size > 1_000_000), False


def packed(payload: bytes) -> bytes:
    """A body as a client that says gzip should send it."""
    return gzip.compress(payload, 1)


def _packed(value: object) -> bytes:
    return bytes(msgpack.packb(value, unicode_errors="surrogatepass"))
