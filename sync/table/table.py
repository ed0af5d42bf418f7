"""The seam to the company's table: where chunks and sheets go."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from server.store.chunks import Chunk
from sync.table.sheet import Sheet


class Table(Protocol):
    """A place for chunks. Calls block, so they are made on threads."""

    def put(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Write at most 25 chunks; returns those that were not taken. Raises CloudError, Throttled."""

    def bodies(self, pk: str) -> Iterator[bytes]:
        """The bodies under one partition. Raises CloudError."""

    def scan(self, prefix: str) -> Iterator[bytes]:
        """The bodies of every partition whose key begins with `prefix`. Raises CloudError."""


class Scores(Protocol):
    """A place for sheets of scores. Calls block, so they run on threads. All raise CloudError, Throttled."""

    def put_sheet(self, sheet: Sheet) -> None:
        """Write a sheet, unless a newer one has its place."""

    def drop_sheet(self, sheet: Sheet) -> None:
        """Remove a sheet, unless a newer one has its place."""

    def sheets(self, ranking: str) -> Iterator[Sheet]:
        """The sheets of a ranking, of all sites."""
