"""What fault tests share: a disk that is watched."""

from pathlib import Path

import pytest

from tests.faults.power.disk import Disk, build


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """disk.c, compiled."""
    return build(tmp_path_factory.mktemp("library"))


@pytest.fixture
def disk(library: Path, tmp_path: Path) -> Disk:
    """The disk of an edge, watched."""
    return Disk(tmp_path.resolve(), library)
