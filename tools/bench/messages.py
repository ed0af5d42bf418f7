"""Events as messages of boards, from mosquitto to committed rows, and a bare counter of them beside it."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from firmware.wire.topics import topic
from tools.bench import site, store
from tools.bench.publisher import Messages, Publisher
from tools.bench.ratio import Seen, from_

COUNT, BOARDS, FRAMES = 20_000, 50, 40
PATIENCE_S = 60.0


class Bench:
    """An edge on a broker of its own, and the generator; made by `bench`. All figures are events per second
    into the log. port: of the broker."""

    def __init__(self, folder: Path, edge: site.Running, port: int, publisher: Publisher) -> None:
        self.folder = folder
        self.edge = edge
        self.port = port
        self._publisher = publisher
        self._round = 0
        self._frames = 0  # of each board so far

    def with_ids(self) -> float:
        """Single json messages, each with an id of its own."""
        self._round += 1
        return self.committed(json("shop", COUNT, self._round), COUNT)

    def without_ids(self) -> float:
        """The same without ids; nothing tells a repetition from a new event."""
        return self.committed(json("shop", COUNT), COUNT)

    def cpu_us(self) -> float:
        """Microseconds of processor that the edge takes for one of them, with an id."""
        used = site.cpu_s(self.edge.pid)
        rate = self.with_ids()
        return from_((site.cpu_s(self.edge.pid) - used) / COUNT * 1e6, rate)

    def framed(self) -> float:
        """The boards' own protocol, 30 events per frame."""
        first, self._frames = self._frames, self._frames + FRAMES
        ups = [store.up(board, number) for number in range(first, first + FRAMES) for board in range(BOARDS)]
        messages = [(topic("shop", up.device, "up"), up.payload) for up in ups]
        return self.committed(messages, len(messages) * store.EVENTS)

    def committed(
        self, messages: Messages, events: int, meanwhile: Callable[[], object] = lambda: None
    ) -> float:
        """Send messages until the log has that many events more; what it took in a minute when it has not."""
        wanted = site.committed(self.folder) + events
        began = time.perf_counter()
        self._publisher.publish(messages)
        while (missing := wanted - site.committed(self.folder)) > 0:
            if (took := time.perf_counter() - began) > PATIENCE_S:
                note = f"{events - missing:,} of {events:,} events were committed after {took:.0f} s"
                return Seen((events - missing) / took, note)
            meanwhile()
            time.sleep(0.005)
        return events / (time.perf_counter() - began)

    def indexed(self) -> float:
        """Seconds until the indexes for reading have all that the log has; a minute when they have not."""
        wanted, began = site.committed(self.folder), time.perf_counter()
        while (have := site.indexed(self.folder)) < wanted:
            if (took := time.perf_counter() - began) > PATIENCE_S:
                return Seen(took, f"{have:,} of {wanted:,} events were indexed after {took:.0f} s")
            time.sleep(0.01)
        return time.perf_counter() - began

    @contextmanager
    def counter(self) -> Iterator[Callable[[], float]]:
        """Messages per second into a bare subscriber on the same broker."""
        argv = [sys.executable, "-m", "tools.bench.counter", str(self.port), topic("bare", "+", "json")]
        with site.child(argv, self.folder) as counting:
            assert counting.stdout is not None
            lines = counting.stdout
            lines.readline()

            def counted() -> float:
                messages = json("bare", COUNT, 1)
                began = time.perf_counter()
                self._publisher.publish(messages)
                for _ in range(COUNT // 1000):
                    lines.readline()
                return COUNT / (time.perf_counter() - began)

            yield counted


@contextmanager
def fresh(settings: Mapping[str, str] | None = None, toml: str = "") -> Iterator[Bench]:
    """Everything started and connected, over an empty store. settings, toml: of the edge."""
    with tempfile.TemporaryDirectory() as name:
        store.fill(Path(name), BOARDS)
        (Path(name) / "edge.toml").write_text(toml, encoding="utf-8")
        with over(Path(name), settings) as bench:
            yield bench


@contextmanager
def over(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Bench]:
    """The same over the store of `folder`, which has the boards."""
    with site.broker(folder) as port, site.edge(folder, {**site.on(port), **(settings or {})}) as edge:
        time.sleep(2)  # the edge subscribes after it answers
        publisher = Publisher(port, "generator")
        yield Bench(folder, edge, port, publisher)
        publisher.close()


def json(name: str, count: int, batch: int = 0) -> Messages:
    """Orders as json messages to the site `name`. batch: makes their ids, 0 for none."""
    topics = [topic(name, f"till-{board}", "json") for board in range(BOARDS)]
    body = '{"kind":"order.placed","customer":"%06d","quantity":1,"cents":%d%s}'
    made = []
    for number in range(count):
        own = f',"id":"{batch}-{number}"' if batch else ""
        text = body % (number * 7919 % store.CUSTOMERS, number, own)
        made.append((topics[number % BOARDS], text.encode()))
    return made
