"""A broker and a small edge for virtual boards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vboard.broker import Broker
from tests.vboard.edge import Edge
from tools.vboard.pytest_plugin import board, fleet, vboard_folder, vboards  # noqa: F401


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def edge(broker: Broker) -> Iterator[Edge]:
    running = Edge(broker.port)
    yield running
    running.close()
