"""Histories that hypothesis makes up, each over a store of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # what a disk does is tested in tests/faults


def count(config: pytest.Config) -> int:
    """How many: 700 in the tests, a few in `make test FAST=1`, 100,000 in `make soak`."""
    if config.getoption("--soak"):
        return 100_000
    return 50 if config.getoption("-m") == "not slow" else 700


@contextmanager
def folder() -> Iterator[Path]:
    """For the store of one history."""
    made = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield made
    finally:
        shutil.rmtree(made)
