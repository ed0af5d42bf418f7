"""Single events as `json` messages, from mosquitto to committed rows, against a mere counter of them."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from firmware.wire.topics import topic
from tools.bench import site, store
from tools.bench.publisher import Publisher

COUNT, BOARDS = 20_000, 50
PATIENCE_S = 60.0


class Bench:
    """One broker with an edge and a bare subscriber on it, and the generator; made by `bench`."""

    def __init__(self, folder: Path, publisher: Publisher, counter: IO[str]) -> None:
        self._folder = folder
        self._publisher = publisher
        self._counter = counter
        self._round = 0

    def with_ids(self) -> float:
        """Events a second into the log, each with an id of its own."""
        return self._committed(True)

    def without_ids(self) -> float:
        """Events a second into the log; nothing tells a repetition from a new event."""
        return self._committed(False)

    def counted(self) -> float:
        """The same messages a second into the bare subscriber."""
        messages = self._messages("bare", True)
        began = time.perf_counter()
        self._publisher.publish(messages)
        for _ in range(COUNT // 1000):
            self._counter.readline()
        return COUNT / (time.perf_counter() - began)

    def _committed(self, ids: bool) -> float:
        messages = self._messages("shop", ids)
        wanted = site.committed(self._folder) + COUNT
        began = time.perf_counter()
        self._publisher.publish(messages)
        while site.committed(self._folder) < wanted:
            if time.perf_counter() - began > PATIENCE_S:
                raise TimeoutError("the edge did not take all messages")
            time.sleep(0.005)
        return COUNT / (time.perf_counter() - began)

    def _messages(self, name: str, ids: bool) -> list[tuple[str, bytes]]:
        self._round += 1
        topics = [topic(name, f"till-{board}", "json") for board in range(BOARDS)]
        body = '{"kind":"order.placed","customer":"%06d","quantity":1,"cents":%d%s}'
        made = []
        for number in range(COUNT):
            own = f',"id":"{self._round}-{number}"' if ids else ""
            text = body % (number * 7919 % store.CUSTOMERS, number, own)
            made.append((topics[number % BOARDS], text.encode()))
        return made


@contextmanager
def bench() -> Iterator[Bench]:
    """Everything started and connected."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store.fill(folder, BOARDS)
        with site.broker(folder) as port:
            counter = [sys.executable, "-m", "tools.bench.counter", str(port), topic("bare", "+", "json")]
            with site.edge(folder, site.on(port)), site.child(counter, folder) as counting:
                assert counting.stdout is not None
                counting.stdout.readline()
                time.sleep(2)  # the edge subscribes after it answers
                publisher = Publisher(port, "generator")
                yield Bench(folder, publisher, counting.stdout)
                publisher.close()
