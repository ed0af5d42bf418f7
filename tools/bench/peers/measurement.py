"""One product under a burst of 50,000 messages: its speed, its memory, and its losses by a kill -9."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from firmware.wire.topics import topic
from tools.bench import messages, site
from tools.bench.peers.peer import Peer
from tools.bench.publisher import Publisher

COUNT = 50_000
KILL_AT = 0.1  # of the rows
READY_S, PATIENCE_S = 60.0, 120.0
QUIET_S = 5.0  # without a new row, and nothing more will come
POLL_S = 0.2
REST_S = 2.0
Make = Callable[[Path, int], Peer]  # folder, port of the broker


@dataclass(frozen=True)
class Burst:
    """rate: rows per second. idle, peak: MB of memory. rows: of 50,000, when nothing more came."""

    rate: float
    idle: float
    peak: float
    rows: int


@dataclass(frozen=True)
class Kill:
    """What became of 50,000 messages that the broker has acknowledged.

    lost: how many are in no row. twice: how many are in more than one row.
    """

    lost: int
    twice: int


def burst(make: Make) -> Burst:
    """Let it drain a burst."""
    with _taking(make) as (peer, publisher):
        before, idle = peer.rows(), peer.process.memory()
        began = time.perf_counter()
        with _published(publisher):
            last, peak = _drain(peer, before)
        rate = (last[0] - before) / max(POLL_S, last[1] - began)
        return Burst(rate, idle, peak, last[0] - before)


def kill(make: Make) -> Kill:
    """Kill it in the middle, start it again, and count its rows when nothing more comes."""
    with _taking(make) as (peer, publisher):
        before, began = peer.rows(), time.perf_counter()
        with _published(publisher):
            while peer.rows() < before + KILL_AT * COUNT:
                _patience(began, "take a tenth of the burst")
                time.sleep(0.02)
            peer.process.kill()
        peer.start()
        _ready(peer, publisher)
        _drain(peer, 0)
        kept = [number for number in peer.numbers() if number < COUNT]
        return Kill(COUNT - len(set(kept)), len(kept) - len(set(kept)))


@contextmanager
def _taking(make: Make) -> Iterator[tuple[Peer, Publisher]]:
    """A product that takes messages, at rest."""
    with tempfile.TemporaryDirectory() as name, site.broker(Path(name)) as port:
        folder = Path(name) / "peer"
        folder.mkdir()
        peer = make(folder, port)
        publisher = Publisher(port, "generator")
        try:
            _ready(peer, publisher)
            peer.settle()
            time.sleep(REST_S)
            yield peer, publisher
        finally:
            publisher.close()
            peer.close()


def _ready(peer: Peer, publisher: Publisher) -> None:
    """Send single messages until something is stored."""
    began, probe = time.perf_counter(), COUNT
    had = peer.rows()
    while peer.rows() == had:
        if not peer.process.alive or time.perf_counter() - began > READY_S:
            raise TimeoutError("it did not begin to take messages")
        probe += 1
        body = b'{"kind":"order.placed","customer":"000000","quantity":1,"cents":%d}' % probe
        publisher.publish([(topic("shop", "till-0", "json"), body)])
        time.sleep(POLL_S)
    time.sleep(REST_S)


@contextmanager
def _published(publisher: Publisher) -> Iterator[None]:
    """Send the burst while the block runs; at its end the broker has acknowledged all of it."""
    sent = messages.json("shop", COUNT, 1)
    thread = threading.Thread(target=publisher.publish, args=(sent,))
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _drain(peer: Peer, before: int) -> tuple[tuple[int, float], float]:
    """(rows, since when) when no more come, and the peak of memory."""
    began = time.perf_counter()
    last, peak = (before, began), 0.0
    while last[0] < before + COUNT and time.perf_counter() - last[1] < QUIET_S:
        _patience(began, "drain the burst")
        rows, peak = peer.rows(), max(peak, peer.process.memory())
        if rows != last[0]:
            last = (rows, time.perf_counter())
        time.sleep(POLL_S)
    return last, peak


def _patience(began: float, what: str) -> None:
    if time.perf_counter() - began > PATIENCE_S:
        raise TimeoutError(f"it did not {what} within {PATIENCE_S:.0f} s")
