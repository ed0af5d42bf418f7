"""Scores of a site, cut into sheets for the table, and the sheets of all sites added up.

A sheet holds absolute totals under a version. It may come late, twice, or in any order: the newest total of
each key of a site counts. Format 1: zlib over a msgpack array
    [ranking, site, bucket, part, born_at, through, written_at, {key: score}]
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from server.rankings.window import ALL

KEYS = 1000  # of a sheet, about; they take about 8 KB

_pack = msgspec.msgpack.Encoder().encode


class Version(NamedTuple):
    """The age of a sheet's totals; a larger version is newer.

    born_at: when the store's generation began, ms since 1970 UTC. through: the last event that is counted.
    """

    born_at: int
    through: int

    def text(self) -> str:
        """The version as a text that sorts in the same order."""
        return f"{self.born_at:015d}.{self.through:016d}"


class Sheet(msgspec.Struct, frozen=True, dict=True):
    """Some keys of a ranking of one site.

    ranking, site: their names. bucket: a day since 1970, or ALL. part: `count.index`, the number of sheets
    and its place among them. version: of its totals. written_at: ms since 1970 UTC. scores: whole numbers by
    key, also below zero.
    """

    ranking: str
    site: str
    bucket: int
    part: str
    version: Version
    written_at: int
    scores: Mapping[str, int]

    @property
    def pk(self) -> str:
        """The partition: `S#ranking`, so that one query reads the ranking of all sites."""
        return f"S#{self.ranking}"

    @property
    def sk(self) -> str:
        """`site#bucket#part`; a newer sheet overwrites an older one."""
        return f"{self.site}#{'all' if self.bucket == ALL else self.bucket}#{self.part}"

    @cached_property
    def body(self) -> bytes:
        """The bytes of the format."""
        told = (self.ranking, self.site, self.bucket, self.part, *self.version, self.written_at, self.scores)
        return zlib.compress(_pack(told), 6)

    @property
    def mark(self) -> int:
        """A checksum of only the scores, by which a sheet that has not changed need not be written."""
        return zlib.crc32(_pack(sorted(self.scores.items())))


_Row = tuple[str, str, int, str, int, int, int, dict[str, int]]
_unpack = msgspec.msgpack.Decoder(_Row).decode


def unpack(body: bytes) -> Sheet:
    """The sheet of a body. Raises ValueError for other bytes."""
    try:
        ranking, site, bucket, part, born_at, through, written_at, scores = _unpack(zlib.decompress(body))
    except zlib.error as error:
        raise ValueError(f"no sheet: {error}") from error
    return Sheet(ranking, site, bucket, part, Version(born_at, through), written_at, scores)


def cut(first: Sheet, parts: int = 1) -> list[Sheet]:
    """A sheet of all keys as several sheets of about 1,000 keys each. parts: how many at least.

    Their number only grows, by doubling, so that a key seldom moves from one sheet to another.
    """
    while parts * KEYS < len(first.scores):
        parts *= 2
    scores: list[dict[str, int]] = [{} for _ in range(parts)]
    for key, score in first.scores.items():
        scores[zlib.crc32(key.encode()) % parts][key] = score
    return [replace(first, part=f"{parts}.{index}", scores=some) for index, some in enumerate(scores)]


class Merge:
    """One ranking of all sites, from sheets in any order."""

    def __init__(self, sheets: Iterable[Sheet] = ()) -> None:
        self._newest: dict[str, Sheet] = {}  # by sk
        self._born: dict[str, int] = {}  # by site: of its newest store
        for sheet in sheets:
            self.take(sheet)

    def take(self, sheet: Sheet) -> None:
        """Let a sheet count, unless a newer one has its place."""
        known = self._newest.get(sheet.sk)
        if known is None or known.version <= sheet.version:
            self._newest[sheet.sk] = sheet
            self._born[sheet.site] = max(sheet.version.born_at, self._born.get(sheet.site, 0))

    def sites(self) -> dict[str, int]:
        """By site: when its newest sheet was written, ms since 1970 UTC."""
        found: dict[str, int] = {}
        for sheet in self._counting():
            found[sheet.site] = max(sheet.written_at, found.get(sheet.site, 0))
        return found

    def scores(self, buckets: Iterable[int]) -> Counter[str]:
        """The score of each key in these buckets over all sites."""
        wanted, total = set(buckets), Counter[str]()
        newest: dict[tuple[str, int], dict[str, tuple[Version, int]]] = {}
        for sheet in self._counting():
            if sheet.bucket not in wanted:
                continue
            of_site = newest.setdefault((sheet.site, sheet.bucket), {})
            for key, score in sheet.scores.items():
                told = (sheet.version, score)
                of_site[key] = max(told, of_site.get(key, told), key=lambda one: one[0])
        for of_site in newest.values():
            for key, (_, score) in of_site.items():
                total[key] += score
        return total

    def _counting(self) -> Iterable[Sheet]:
        """The sheets that count: those of an earlier life of a site's store do not."""
        return [one for one in self._newest.values() if one.version.born_at == self._born[one.site]]
