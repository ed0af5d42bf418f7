"""Boards that are flashed with the certificates of CAs."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.edge_process import edge_process
from tests.flash.boards import started
from tests.flash.run import flash
from tests.vboard.broker import Broker
from tests.vboard.mpremote import Image
from tests.vboard.test_tls import authority, certificate
from tools.vboard.client import Fleet

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


async def test_a_board_trusts_either_of_two_cas(tmp_path: Path, vboards: Fleet) -> None:
    """An external broker with TLS for boards and without for the edge; its certificate is of the second CA, and
    then of the first."""
    broker = Broker(tmp_path)
    broker.start()
    for name in ("old", "new"):
        authority(tmp_path, name)
    certificate(tmp_path, "new")
    tls = str(broker.listen_tls(tmp_path / "edge.pem", tmp_path / "edge.key"))
    url = {"BOARDWALK_MQTT_URL": f"mqtt://127.0.0.1:{broker.port}"}
    try:
        async with edge_process(tmp_path, more=url) as edge:
            board = await started(vboards, "blank", "till-1")
            authorities = ("--ca", str(tmp_path / "old.pem"), "--ca", str(tmp_path / "new.der"))
            done = await flash(edge, board, "--name", "till-1", "--port", tls, *authorities)
            assert done.code == 0, done.err
            assert Image(board).read("/ca.der") == (tmp_path / "old.der").read_bytes()
            assert Image(board).read("/ca2.der") == (tmp_path / "new.der").read_bytes()
            certificate(tmp_path, "old")
            broker.stop()
            broker.start()
            done = await flash(edge, board, "--name", "till-1", "--port", tls)
            assert done.code == 0, done.err
            await asyncio.to_thread(broker.stop)
    finally:
        broker.stop()


async def test_a_broker_with_tls_asks_for_a_ca(tmp_path: Path, vboards: Fleet) -> None:
    """The edge need not have reached its broker for that."""
    async with edge_process(tmp_path, more={"BOARDWALK_MQTT_URL": "mqtts://127.0.0.1:9"}) as edge:
        board = await started(vboards, "blank", "till-1")
        done = await flash(edge, board, "--name", "till-1")
        assert (
            done.code == 1
            and "The broker speaks TLS; give the certificate of its CA with --ca FILE." in done.err
        )
