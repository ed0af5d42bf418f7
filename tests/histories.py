"""Histories that hypothesis makes up, each over a store of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # what a disk does is tested in tests/faults


def count(config: pytest.Config) -> int:
    """How many: 2,000 in the tests, 100,000 in `make soak`."""
    return 100_000 if config.getoption("--soak") else 2000


@contextmanager
def folder() -> Iterator[Path]:
    """For the store of one history."""
    made = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield made
    finally:
        shutil.rmtree(made)
