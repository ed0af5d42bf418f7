"""Secrets travel over the cable alone: not in arguments, not in what is printed or logged."""

import asyncio
import json
from pathlib import Path

from tests.edge_process import EdgeProcess, edge_process
from tests.flash.boards import started
from tests.flash.run import begun, ended, flash, port_of
from tests.vboard.mpremote import Image
from tools.vboard.client import Fleet, VirtualBoard

PASSWORD = "gulls over pier 7"
HERE = "0.0.0.0"  # leads to this machine, and is not loopback, where boards with Wi-Fi are not sent


def arguments() -> bytes:
    """Those of all processes of this machine."""
    found = b""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += path.read_bytes()
        except OSError:
            continue  # it has just ended
    return found


async def watched(edge: EdgeProcess, board: VirtualBoard, *words: str, more: dict[str, str]) -> bytes:
    """Flash a board; all that could be seen from outside meanwhile."""
    flashing = asyncio.create_task(ended(await begun(edge, await port_of(board), *words, more=more)))
    seen = b""
    while not flashing.done():
        seen += arguments()
        await asyncio.sleep(0.05)
    done = await flashing
    assert done.code == 0, done.err
    return seen + (done.out + done.err + edge.log).encode()


async def test_a_board_is_flashed_for_an_edge_elsewhere_and_no_secret_is_seen(
    tmp_path: Path, vboards: Fleet
) -> None:
    async with edge_process(tmp_path) as edge:
        board = await started(vboards, "blank", "till-1")
        token = (await edge.ask("POST", "/api/v1/tokens", {"name": "flash", "scopes": ["admin"]}))["token"]
        (tmp_path / "password").write_text(PASSWORD + "\n")
        seen = await watched(
            edge, board, "--name", "till-1", "--edge", edge.url, "--host", HERE,
            "--wifi", "Shop", "--wifi-password-file", str(tmp_path / "password"),
            more={"BOARDWALK_TOKEN": token, "BOARDWALK_EDGE_DATA": str(tmp_path / "nowhere")},
        )  # fmt: skip
        told = json.loads(Image(board).read("/settings.json"))
        assert told["wifi"] == {"ssid": "Shop", "password": PASSWORD}
        for secret in (told["secret"], PASSWORD, token):
            assert len(secret) > 8 and secret.encode() not in seen


async def test_a_password_in_the_environment_is_taken_and_stays_when_a_board_is_flashed_again(
    tmp_path: Path, vboards: Fleet
) -> None:
    async with edge_process(tmp_path) as edge:
        board = await started(vboards, "blank", "till-1")
        wifi = ("--wifi", "Shop")
        more = {"BOARDWALK_WIFI_PASSWORD": PASSWORD}
        assert (await flash(edge, board, "--name", "till-1", "--host", HERE, *wifi, more=more)).code == 0
        first = json.loads(Image(board).read("/settings.json"))
        assert (await flash(edge, board, "--name", "till-1", "--host", HERE)).code == 0
        second = json.loads(Image(board).read("/settings.json"))
        assert second["wifi"] == first["wifi"] == {"ssid": "Shop", "password": PASSWORD}
        assert second["secret"] != first["secret"]


async def test_settings_that_flashing_does_not_make_stay_if_the_firmware_knows_them(
    tmp_path: Path, vboards: Fleet
) -> None:
    async with edge_process(tmp_path) as edge:
        old = {
            "site": "shop",
            "device": "till-1",
            "host": "10.0.0.1",
            "port": 1,
            "keepalive": 7,
            "nonsense": 1,
        }
        board = await vboards.up("till-1", None, files={"/settings.json": json.dumps(old).encode()})
        await edge.ask("POST", "/api/v1/devices", {"name": "till-1"})
        assert (await flash(edge, board, "--name", "till-1")).code == 0
        told = json.loads(Image(board).read("/settings.json"))
        now = (await edge.ask("GET", "/api/v1/site"))["now"]
        assert now - 600_000 < told.pop("floor") <= now and len(told.pop("secret")) > 16
        assert told == {
            "site": "shop", "device": "till-1", "host": "127.0.0.1", "port": edge.mqtt_port, "tls": False,
            "keepalive": 7,
        }  # fmt: skip
