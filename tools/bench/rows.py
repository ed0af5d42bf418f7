"""The figures of the benchmark, in groups that can be chosen; each yields a figure as soon as it has one."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from tools.bench import (
    bulk,
    burst,
    crowd,
    footprint,
    heap,
    intake,
    latency,
    live,
    messages,
    reading,
    redis,
    storm,
    upload,
)
from tools.bench.ratio import ROUNDS, Ratio, from_, measure, of

Group = Callable[[], Iterator[Ratio]]


def _batches() -> Iterator[Ratio]:
    """BW-1 frames in one process, from an empty store."""
    names = ("BW-1 events committed, folded, ruled, acked", "executemany")
    yield measure(names, intake.intake, intake.bare)


def _ranking() -> Iterator[Ratio]:
    """Increments and the top ten of a live ranking, and those of Redis."""
    with redis.redis(100_000) as other:
        live_ = heap.Live(100_000)
        for name, draw in (("as in shops", heap.as_in_shops), ("each as often", heap.evenly)):
            names = (f"increments of 100,000 keys, {name}", "Redis, ZINCRBY pipelined by 500")
            yield measure(names, partial(live_.increments, draw), partial(other.increments, draw))
        yield measure(("top 10 of 100,000 keys", "Redis, ZREVRANGE"), live_.top, other.top)
        yield measure(("top 10 right after a change", "Redis, ZREVRANGE"), live_.changed_top, other.top)
        names = ("memory a key, the name aside", "Redis, with the name")
        yield of(names, [(live_.bytes_a_key(), other.bytes_a_key())], "B")
    large = heap.Live(1_000_000)
    names = ("top 10 of 1,000,000 keys right after a change", "of 100,000")
    yield measure(names, large.changed_top, live_.changed_top)
    with messages.fresh(toml="ranking = []\n") as without, messages.fresh() as with_:
        names = ("CPU of a single json message without rankings", "with two")
        yield measure(names, without.cpu_us, with_.cpu_us, "us")
    plain = replace(intake.SETTINGS, ranking=())
    names = ("CPU of BW-1 intake without rankings", "with two")
    yield measure(names, partial(intake.cpu_us, plain), intake.cpu_us, "us")


def _messages() -> Iterator[Ratio]:
    """Single json messages, from the broker to committed rows."""
    with messages.fresh() as bench, bench.counter() as counted:
        ids, none = "single json messages with ids, committed", "single json messages without ids, committed"
        yield measure((ids, "paho that counts"), bench.with_ids, counted)
        yield measure((none, "paho that counts"), bench.without_ids, counted)
        yield measure(("events in BW-1 frames, committed", "single messages"), bench.framed, bench.with_ids)


def _latency() -> Iterator[Ratio]:
    """From a board's publish to its receipt."""
    runs = [latency.run() for _ in range(ROUNDS)]
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        pairs = [(waits(part), flush) for waits, flush in runs]
        yield of((f"publish to ack at 1,000 events/s, {name}", "fdatasync p99"), pairs, "ms")


def _footprint() -> Iterator[Ratio]:
    """The time of a start, and the memory of an edge."""
    with footprint.footprint() as edge:
        yield measure(("start, empty", "its imports"), edge.start_empty, edge.imports, "s")
        yield measure(("start, 1,020,000 events", "empty"), edge.start_full, edge.start_empty, "s")
        yield measure(("memory, empty", "its imports"), edge.memory_empty, edge.bare, "MB")
        names = ("memory, 1,000 devices, 100,000 customers", "empty")
        yield measure(names, edge.memory_full, edge.memory_empty, "MB")
        names = ("memory, 3,000 events uploaded", "empty, no cloud")
        yield measure(names, edge.memory_cloud, edge.memory_empty, "MB")
    names = ("memory that a burst of 50,000 messages adds", "before it")
    yield of(names, [burst.run() for _ in range(ROUNDS)], "MB")


def _storm() -> Iterator[Ratio]:
    """1,000 devices connecting at once."""
    with storm.bench() as bench:
        names = ("1,000 devices connect and subscribe at once", "anonymous mosquitto")
        yield measure(names, bench.edge, bench.bare, "s")


def _live() -> Iterator[Ratio]:
    """The time until an event is with a browser, and the cost of 500 browsers."""
    names = ("publish to live client at 37 events/s, p95", "publish to ack, p95")
    yield of(names, live.delays(ROUNDS), "ms")
    with crowd.crowd() as bench:
        loads = [(bench.watched(), bench.alone(), bench.bare()) for _ in range(ROUNDS)]
    names = ("CPU at 10 updates/s, 500 live clients", "nobody watches")
    yield of(names, [(watched, alone) for watched, alone, _ in loads], "%")
    names = ("CPU of that live stream alone", "aiohttp-sse, as many bytes")
    yield of(names, [(from_(watched - alone, watched), bare) for watched, alone, bare in loads], "%")


def _reading() -> Iterator[Ratio]:
    """Every page and list over 1,020,000 events and 100,000 customers."""
    with reading.reader() as (reader, broker):
        alive = [reader.slowest(("/healthz",)) for _ in range(ROUNDS)]
        for where, paths in (("page", reading.PAGES), ("list", reading.LISTS)):
            rounds = zip((reader.slowest(paths) for _ in range(ROUNDS)), alive, strict=True)
            yield of((f"slowest {where}, 1,020,000 events, p95", "/healthz, p95"), list(rounds), "ms")
        with reading.orders(broker):
            for where, paths in (("page", reading.PAGES), ("list", reading.LISTS)):
                rounds = zip((reader.slowest(paths) for _ in range(ROUNDS)), alive, strict=True)
                yield of((f"slowest {where}, 1,000 events/s coming in, p95", "at rest"), list(rounds), "ms")


def _upload() -> Iterator[Ratio]:
    """The uploader into a local cloud, and its effect on intake."""
    with upload.upload() as bench:
        found = [(*bench.uploaded(), bench.bare(), bench.plain()) for _ in range(ROUNDS)]
    names = ("sealed events uploaded", "batch_write_item of the same items")
    yield of(names, [(sent, bare) for _, sent, bare, _ in found], "/s")
    names = ("sealed events uploaded", "batch_write_item of an item an event")
    yield of(names, [(sent, plain) for _, sent, _, plain in found], "/s")
    names = ("events sealed", "batch_write_item of an item an event")
    yield of(names, [(sealed, plain) for sealed, _, _, plain in found], "/s")
    with tempfile.TemporaryDirectory() as name, upload.cloud(Path(name)) as address:
        cloud = upload.table(address, "boardwalk")
        with messages.fresh(upload.into(cloud)) as uploading, messages.fresh() as alone:
            names = ("single json messages with ids, while uploading", "no cloud")
            yield measure(names, uploading.with_ids, alone.with_ids)


def _grown() -> Iterator[Ratio]:
    """Stores of 3,000,000, 2,000,000 and 200,000 events; built once, which takes a minute."""
    with ExitStack() as stack:
        folders = [stack.enter_context(bulk.copy(rows)) for rows in (3_000_000, 200_000)]
        large, small = [stack.enter_context(messages.over(folder)) for folder in folders]
        found = [(_drained(large), _drained(small)) for _ in range(ROUNDS)]
    names = ("single json messages with ids, 3,000,000 rows", "200,000 rows")
    yield of(names, [(one[0], other[0]) for one, other in found], "/s")
    names = ("indexes done after that, 3,000,000 rows", "200,000 rows")
    yield of(names, [(one[1], other[1]) for one, other in found], "s")
    with intake.grown(2_000_000) as bench:
        names = ("BW-1 events, as above, 2,000,000 rows", "executemany, 2,000,000 rows")
        yield measure(names, bench.intake, bench.bare)


def _drained(bench: messages.Bench) -> tuple[float, float]:
    return bench.with_ids(), bench.indexed()


GROUPS: dict[str, Group] = {
    "batches": _batches, "ranking": _ranking, "messages": _messages, "latency": _latency,
    "footprint": _footprint, "storm": _storm, "live": _live, "reading": _reading, "upload": _upload,
    "grown": _grown,
}  # fmt: skip
