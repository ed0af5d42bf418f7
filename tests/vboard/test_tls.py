"""Boards speak TLS, and only with an edge whose certificate their CA has signed."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.troubles import CODES
from tests.vboard.broker import Broker
from tests.vboard.edge import Edge
from tests.vboard.lamp import blinks
from tests.vboard.mpremote import mpremote
from tests.vboard.till import Till, settings
from tools.vboard.client import Fleet

FLOOR = 1_800_000_000_000  # within the certificates' validity, which begins a day back

FAR = "20350101000000Z"
CA_CONF = """
[ca]
default_ca = one
[one]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
email_in_dn = no
unique_subject = no
notext = yes
[any]
commonName = supplied
"""

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    """Write NAME.key, NAME.pem and NAME.der of a new CA."""
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "3000")  # fmt: skip
    openssl(folder, "x509", "-in", f"{name}.pem", "-outform", "DER", "-out", f"{name}.der")


def certificate(
    folder: Path,
    ca: str,
    names: str = "IP:127.0.0.1,DNS:127.0.0.1",
    begins: str = "",
    ends: str = FAR,
    use: str = "serverAuth",
) -> None:
    """Write edge.key and edge.pem for some names, signed by a CA. begins, ends: as 20991231000000Z, ""
    for now. use: what for."""
    (folder / "names").write_text(f"subjectAltName={names}\nextendedKeyUsage={use}\n")
    (folder / "ca.conf").write_text(CA_CONF)
    (folder / "index").write_text("")
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "edge.key", "-out", "edge.csr", "-subj", "/CN=127.0.0.1")  # fmt: skip
    dates = [*(("-startdate", begins) if begins else ()), "-enddate", ends]
    openssl(folder, "ca", "-batch", "-config", "ca.conf", "-in", "edge.csr", "-cert", f"{ca}.pem",
            "-keyfile", f"{ca}.key", "-out", "edge.pem", "-extfile", "names", *dates)  # fmt: skip


@pytest.fixture
def secured(broker: Broker, tmp_path: Path) -> int:
    """The port of a TLS listener of the broker."""
    authority(tmp_path, "ours")
    authority(tmp_path, "theirs")
    certificate(tmp_path, "ours")
    return broker.listen_tls(tmp_path / "edge.pem", tmp_path / "edge.key")


@pytest.mark.parametrize("damaged", [None, "/ca2.der"], ids=["whole", "beside a damaged CA"])
async def test_events_travel_through_tls(
    fleet: Fleet, edge: Edge, secured: int, tmp_path: Path, damaged: str | None
) -> None:
    files = {"/ca.der": (tmp_path / "ours.der").read_bytes()}
    if damaged:
        files[damaged] = files["/ca.der"][:-20]
    told = settings(secured, "till-1", tls=True, floor=FLOOR)
    till = Till(await fleet.up("till-1", told, files=files))
    await till.work(40)
    device = edge.device("till-1")
    await edge.until(lambda: len(device.events("order.placed")) == 40)


@pytest.fixture
def edge(secured: int, broker: Broker) -> Iterator[Edge]:
    running = Edge(broker.port)
    yield running
    running.close()


@pytest.mark.parametrize(
    "what, words",
    [
        ({"ca": "theirs"}, "certificate of the edge is not signed by the CA of this board"),
        ({"ca": "ours", "names": "DNS:edge.example"}, "certificate of the edge is for another host"),
        ({"ca": "ours", "begins": "20200101000000Z", "ends": "20250101000000Z"},
         "certificate of the edge has expired: renew it"),
        ({"ca": "ours", "begins": "20340101000000Z"}, "certificate of the edge is not valid yet"),
        ({"ca": "ours", "use": "clientAuth"}, "certificate of the edge is not for a server"),
    ],
    ids=["wrong CA", "wrong host", "expired", "not yet valid", "of a client"],
)  # fmt: skip
async def test_a_wrong_certificate_is_refused_and_a_right_one_then_trusted(
    fleet: Fleet, edge: Edge, secured: int, broker: Broker, tmp_path: Path, what: dict[str, str], words: str
) -> None:
    certificate(tmp_path, **what)
    broker.restart()
    files = {"/ca.der": (tmp_path / "ours.der").read_bytes()}
    board = await fleet.up("till-1", settings(secured, "till-1", tls=True, floor=FLOOR), files=files)
    await edge.until(lambda: words in board.log())
    assert await blinks(board) == {CODES.index("certificate") + 1}
    assert edge.devices == {}
    certificate(tmp_path, "ours")
    broker.restart()
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor >= 1 and device.states and device.states[-1])
    assert device.states[-1]["trouble"] == "certificate"
    assert (await board.stats())["boots"] == 1


async def test_a_board_that_trusts_two_cas_follows_the_edge_from_one_to_the_other(
    fleet: Fleet, edge: Edge, secured: int, broker: Broker, tmp_path: Path
) -> None:
    files = {
        f"/{to}": (tmp_path / of).read_bytes()
        for to, of in (("ca.der", "ours.der"), ("ca2.der", "theirs.der"))
    }
    till = Till(await fleet.up("till-1", settings(secured, "till-1", tls=True, floor=FLOOR), files=files))
    device = edge.device("till-1")
    for count, ca in enumerate(("theirs", "ours"), 1):
        await till.work(10)
        await edge.until(lambda count=count: len(device.events("order.placed")) == 10 * count)
        certificate(tmp_path, ca)
        broker.restart()
    await till.work(10)
    await edge.until(lambda: len(device.events("order.placed")) == 30)
    assert (await till.board.stats())["boots"] == 1


@pytest.mark.parametrize(
    "files, words",
    [
        ({}, "certificate of the CA is missing here"),
        ({"/ca.der": b"half a certificate"}, "certificate of the CA is damaged here"),
    ],
    ids=["none", "damaged"],
)
async def test_a_board_that_has_no_ca_trusts_nobody(
    fleet: Fleet, edge: Edge, secured: int, broker: Broker, files: dict[str, bytes], words: str
) -> None:
    board = await fleet.up("till-1", settings(secured, "till-1", tls=True, floor=FLOOR), files=files)
    await edge.until(lambda: words in board.log())
    assert await blinks(board) == {CODES.index("certificate") + 1}
    assert edge.devices == {}


@pytest.mark.parametrize("profile", ["esp32", "pico"])
async def test_an_unset_clock_is_set_to_the_floor_before_tls_asks_for_it(
    fleet: Fleet, edge: Edge, secured: int, tmp_path: Path, profile: str
) -> None:
    """That TLS looks at it cannot be seen here: on virtual boards it asks the clock of the computer."""
    files = {"/ca.der": (tmp_path / "theirs.der").read_bytes()}  # so that no edge tells the time
    told = settings(secured, "till-1", tls=True, floor=FLOOR)
    board = await fleet.up("till-1", told, profile, files=files)
    await edge.until(lambda: "certificate" in board.log())
    year = time.gmtime(FLOOR / 1000).tm_year
    assert await mpremote(board, "resume", "eval", "__import__('time').gmtime()[0]") == f"{year}\n"
