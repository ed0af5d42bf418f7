"""Boards speak TLS, and only with an edge whose certificate their CA has signed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.vboard.broker import Broker
from tests.vboard.edge import Edge
from tests.vboard.till import Till, settings
from tools.vboard.client import Fleet

FLOOR = 1_800_000_000_000  # within the certificates' validity, which begins a day back

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    """Write NAME.key, NAME.pem and NAME.der of a new CA."""
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "3000")  # fmt: skip
    openssl(folder, "x509", "-in", f"{name}.pem", "-outform", "DER", "-out", f"{name}.der")


def certificate(folder: Path, ca: str) -> None:
    """Write edge.key and edge.pem for 127.0.0.1, signed by a CA."""
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:127.0.0.1")
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "edge.key", "-out", "edge.csr", "-subj", "/CN=127.0.0.1")  # fmt: skip
    openssl(folder, "x509", "-req", "-in", "edge.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
            "-CAcreateserial", "-out", "edge.pem", "-days", "3000", "-extfile", "names")  # fmt: skip


@pytest.fixture
def secured(broker: Broker, tmp_path: Path) -> int:
    """The port of a TLS listener of the broker."""
    authority(tmp_path, "ours")
    authority(tmp_path, "theirs")
    certificate(tmp_path, "ours")
    return broker.listen_tls(tmp_path / "edge.pem", tmp_path / "edge.key")


async def test_events_travel_through_tls(fleet: Fleet, secured: int, broker: Broker, tmp_path: Path) -> None:
    edge = Edge(broker.port)
    files = {"/ca.der": (tmp_path / "ours.der").read_bytes()}
    told = settings(secured, "till-1", tls=True, floor=FLOOR)
    till = Till(await fleet.up("till-1", told, files=files))
    await till.work(40)
    device = edge.device("till-1")
    await edge.until(lambda: len(device.events("order.placed")) == 40)
    edge.close()


async def test_an_edge_of_another_ca_is_not_spoken_to(
    fleet: Fleet, secured: int, broker: Broker, tmp_path: Path
) -> None:
    edge = Edge(broker.port)
    files = {"/ca.der": (tmp_path / "theirs.der").read_bytes()}
    board = await fleet.up("till-1", settings(secured, "till-1", tls=True, floor=FLOOR), files=files)
    await edge.until(lambda: "link: ValueError" in board.log())
    assert edge.devices == {}
    edge.close()
