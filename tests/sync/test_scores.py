"""Scores of several sites merge to their sums, whatever becomes of the sheets on their way."""

import asyncio
import random
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.calendar import Days
from server.core import Core
from server.errors import CloudError
from server.folds.checkpointer import Checkpointer
from server.rankings.window import ALL
from server.settings import CloudSection, Settings
from server.store import checkpoints, generation
from server.store.checkpoints import Delta
from sync.table import sheet as sheets
from sync.table.all_sites import AllSites
from sync.table.dynamo import Dynamo
from sync.table.scores import ScoreWriter
from sync.table.sheet import Merge, Sheet, Version, cut, unpack
from sync.token_bucket import TokenBucket
from tests.ingest.boards import NOW
from tools.demo.local_cloud import local_cloud

CUSTOMERS = {"orders": "customer"}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["here", "there"]),
        st.sampled_from(["count", "count", "count", "write", "write", "restore"]),
        st.integers(0, 9),
        st.integers(-3, 5),
        st.sampled_from([ALL, 100]),
    ),
    max_size=50,
)


class Shelf:
    """A table as DynamoDB is one: a newer sheet takes the place of an older one, never the other way."""

    def __init__(self) -> None:
        self.items: dict[str, Sheet] = {}
        self.puts = 0
        self.broken = False

    def put_sheet(self, sheet: Sheet) -> None:
        self._fail()
        self.puts += 1
        known = self.items.get(sheet.sk)
        if known is None or known.version <= sheet.version:
            self.items[sheet.sk] = unpack(sheet.body)

    def drop_sheet(self, sheet: Sheet) -> None:
        self._fail()
        if sheet.sk in self.items and self.items[sheet.sk].version <= sheet.version:
            del self.items[sheet.sk]

    def sheets(self, ranking: str) -> Iterator[Sheet]:
        self._fail()
        return iter(list(self.items.values()))

    def _fail(self) -> None:
        if self.broken:
            raise CloudError("the table is away")


@dataclass
class Site:
    """A site's truth, and what it writes."""

    name: str
    born_at: int = 1
    through: int = 0
    parts: dict[int, int] = field(default_factory=dict)
    scores: dict[int, Counter[str]] = field(default_factory=dict)

    def count(self, bucket: int, key: str, delta: int) -> None:
        self.through += 1
        self.scores.setdefault(bucket, Counter())[key] += delta

    def restore(self) -> None:
        """Begin anew with half of what there was."""
        self.born_at, self.through, self.parts = self.born_at + 1, self.through // 2, {}
        self.scores = {bucket: Counter(dict(list(some.items())[::2])) for bucket, some in self.scores.items()}

    def write(self) -> list[Sheet]:
        made: list[Sheet] = []
        for bucket, some in self.scores.items():
            version = Version(self.born_at, self.through)
            whole = Sheet("orders", self.name, bucket, "", version, NOW, dict(some))
            cuts = cut(whole, self.parts.get(bucket, 1))
            self.parts[bucket] = len(cuts)
            made += cuts
        return made


@settings(max_examples=300)
@given(STEPS, st.randoms(use_true_random=False))
def test_sheets_in_any_order_and_repeated_add_up_to_the_sums_of_all_sites(
    steps: list[tuple[str, str, int, int, int]],
    chance: random.Random,
) -> None:
    sheets.KEYS, before = 2, sheets.KEYS  # so that sheets are cut into more and more parts
    try:
        sites = {name: Site(name) for name in ("here", "there")}
        sent: list[Sheet] = []
        for name, what, number, delta, bucket in steps:
            if what == "count":
                sites[name].count(bucket, f"c{number}", delta)
            elif what == "restore":
                sites[name].restore()
            else:
                sent += sites[name].write()
        for site in sites.values():
            sent += site.write()
    finally:
        sheets.KEYS = before
    delivered = [*sent, *chance.choices(sent, k=len(sent))] if sent else []
    chance.shuffle(delivered)
    merge = Merge(unpack(one.body) for one in delivered)
    for buckets in ([ALL], [100], [ALL, 100]):
        truth = Counter[str]()
        for site in sites.values():
            for bucket in buckets:
                truth.update(site.scores.get(bucket, {}))
        assert +merge.scores(buckets) == +truth
    assert set(merge.sites()) == {site.name for site in sites.values() if site.scores}


def test_a_key_that_moved_to_another_part_counts_once_and_as_it_is_now() -> None:
    before = Sheet("orders", "here", ALL, "1.0", Version(1, 5), NOW, {"ann": 4, "bo": 1})
    after = [
        Sheet("orders", "here", ALL, part, Version(1, 9), NOW, scores)
        for part, scores in (("2.0", {"ann": 2}), ("2.1", {"bo": 1}))
    ]
    for order in ([before, *after], [*after, before]):
        assert Merge(order).scores([ALL]) == {"ann": 2, "bo": 1}


def test_what_is_no_sheet_is_a_value_error() -> None:
    for body in (b"", b"\x00", zlib.compress(b"\x93\x01\x02\x03")):
        with pytest.raises(ValueError, match=r".+"):
            unpack(body)


async def _checkpoint(core: Core) -> None:
    await Checkpointer(core, Days(Settings().zone), lambda: NOW).write()


def _writer(core: Core, table: object, site: str = "shop") -> ScoreWriter:
    return ScoreWriter(core.database, table, site, CUSTOMERS, TokenBucket(1e6, 1e6))  # type: ignore[arg-type]


async def test_a_site_writes_what_its_checkpoint_has_and_only_what_changed(core: Core) -> None:
    await _checkpoint(core)
    shelf, writer = Shelf(), None
    writer = _writer(core, shelf)
    await writer.write(NOW)
    merged = await AllSites(shelf, lambda: NOW // 86_400_000).merged("orders", "all")
    assert merged.rows == [("c0", 20), ("c1", 20), ("c2", 20)]
    assert merged.sites == {"shop": NOW}
    puts = shelf.puts
    await writer.write(NOW + 60_000)
    await _writer(core, shelf).write(NOW + 60_000)  # after a start
    assert shelf.puts == puts


async def test_scores_that_were_all_taken_back_leave_the_table(core: Core) -> None:
    await _checkpoint(core)
    shelf = Shelf()
    writer = _writer(core, shelf)
    await writer.write(NOW)
    rows = await core.database.read(lambda store: store.execute("SELECT bucket, key FROM score").fetchall())
    none = Delta(core.folds.through + 1, [("orders", bucket, key, 0) for bucket, key in rows])
    await core.database.write(checkpoints.save, none)
    await writer.write(NOW + 60_000)
    merged = await AllSites(shelf, lambda: NOW // 86_400_000).merged("orders", "all")
    assert (merged.rows, shelf.items) == ([], {})


async def test_a_store_that_was_set_back_takes_the_place_of_what_it_had_written(core: Core) -> None:
    await _checkpoint(core)
    shelf = Shelf()
    ghost = Sheet("orders", "shop", ALL, "2.1", Version(1, 10**9), NOW, {"ghost": 99})
    shelf.put_sheet(ghost)
    await _writer(core, shelf).write(NOW)
    assert "ghost" not in dict((await AllSites(shelf, lambda: 0).merged("orders", "all")).rows)
    await core.database.write(generation.renew, NOW)  # by a clock that was set back too
    before = {one.sk: one.version for one in shelf.items.values()}
    await _writer(core, shelf).write(NOW)
    assert all(shelf.items[sk].version > version for sk, version in before.items() if sk in shelf.items)


async def test_without_the_table_what_was_read_before_is_told_with_its_age(core: Core) -> None:
    await _checkpoint(core)
    shelf = Shelf()
    await _writer(core, shelf).write(NOW)
    now_s = 0.0
    reader = AllSites(shelf, lambda: 0, lambda: now_s)
    first = await reader.merged("orders", "all")
    shelf.broken = True
    now_s = 61.0
    assert await reader.merged("orders", "all") == first
    with pytest.raises(CloudError, match="away"):
        await AllSites(shelf, lambda: 0).merged("orders", "all")


async def test_two_sites_merge_through_dynamodb_and_an_old_sheet_changes_nothing(
    core: Core, tmp_path: Path
) -> None:
    await _checkpoint(core)
    async with local_cloud(tmp_path) as address:
        table = Dynamo(CloudSection(mode="aws", endpoint_url=address))
        await asyncio.to_thread(table.create)
        for site in ("north", "south"):
            await _writer(core, table, site).write(NOW)
        old = Sheet("orders", "north", ALL, "1.0", Version(0, 0), 0, {"c0": 1})
        await asyncio.to_thread(table.put_sheet, old)
        await asyncio.to_thread(table.drop_sheet, old)
        merged = await AllSites(table, lambda: 0).merged("orders", "all")
    assert merged.rows == [("c0", 40), ("c1", 40), ("c2", 40)]
    assert merged.sites == {"north": NOW, "south": NOW}
