"""Whether the edge works as it should, in sentences for staff."""

import shutil
from collections.abc import Callable
from pathlib import Path

LOW_DISK_BYTES = 200 * 1024 * 1024
Reason = tuple[str, str]


class Health:
    """Gathers what the parts say of themselves. A check gives a sentence, or None when all is well."""

    def __init__(self, notes: list[str]) -> None:
        self._checks: list[tuple[str, Callable[[], str | None]]] = []
        self._notes = notes

    def watch(self, part: str, check: Callable[[], str | None]) -> None:
        """Ask `check` whenever somebody wants to know."""
        self._checks.append((part, check))

    def reasons(self) -> list[Reason]:
        """(part, sentence) of everything that is degraded."""
        found = [(part, check()) for part, check in self._checks]
        return [(part, sentence) for part, sentence in found if sentence is not None]

    def notes(self) -> list[str]:
        """Sentences for staff about what is no fault."""
        return self._notes


def disk(folder: Path) -> Callable[[], str | None]:
    """A check of the free space for data."""

    def check() -> str | None:
        free = shutil.disk_usage(folder).free
        if free >= LOW_DISK_BYTES:
            return None
        return f"Only {free // 1_048_576} MB are free where the data are; make room."

    return check
