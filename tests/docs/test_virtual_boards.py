"""docs/virtual-boards.md as a newcomer follows it: every command, in order, in an empty folder."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S
from tools.children import free_port
from tools.release.slot import slot

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "virtual-boards.md").read_text()
RUN = "boardwalk run\n"
STARTS = 8  # of a command: how long a monitor is watched


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def newcomer() -> dict[str, str]:
    """An environment with the commands on the path, and ports that are free."""
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "BOARDWALK_HTTP_LISTEN": f"127.0.0.1:{free_port()}",
        "BOARDWALK_MQTT_LISTEN": f"127.0.0.1:{free_port()}",
    }


@pytest.fixture
def edge(tmp_path: Path, newcomer: dict[str, str]) -> Iterator[None]:
    """The first block, in its terminal."""
    assert blocks("sh")[0] == RUN
    with (tmp_path / "edge.log").open("wb") as log:
        process = subprocess.Popen(RUN.split(), cwd=tmp_path, env=newcomer, stdout=log, stderr=log)
    try:
        end = time.monotonic() + PATIENCE_S
        while not (tmp_path / "var" / "boardwalk.sock").exists():
            assert time.monotonic() < end and process.poll() is None, (tmp_path / "edge.log").read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def said(tmp_path: Path, newcomer: dict[str, str], edge: None) -> Iterator[list[str]]:
    """What each of the other blocks printed."""
    script = "\n".join(f"{block}echo ---" for block in blocks("sh")[1:])
    begun = time.monotonic()
    subprocess.run(["boardwalk", "--version"], cwd=tmp_path, env=newcomer, check=True, capture_output=True)
    watch_s = 2 + STARTS * (time.monotonic() - begun)
    until = rf"timeout --foreground --preserve-status -s INT {watch_s:.1f} \g<0> 2>&1"  # as a Ctrl-C
    script = re.sub("^boardwalk monitor .*", until, script, flags=re.MULTILINE)
    # Ended also when a command in the middle fails, or the boards would stay.
    script = f"set -eu\ntrap 'boardwalk vboard down' EXIT\n{script}\ntrap - EXIT\n"
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=newcomer, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield done.stdout.split("---\n")


def test_every_command_works_and_shows_what_the_page_says(said: list[str], tmp_path: Path) -> None:
    up, events, watch, serial, mpremote, own, _, trouble, mended, world, chip, blank, down, _ = said
    assert re.findall(r"(board-\d) +on +/dev/pts/\d+", up) == ["board-1", "board-2", "board-3"]
    assert "board-1" in events and "order.placed" in events
    assert (
        watch.count("board-1\n") == 2 and watch.count("bytes free") == 2 and "info     link: online" in watch
    )
    assert "115200 baud; Ctrl-C ends" in serial
    assert mpremote.startswith("42\n") and "main.py" in mpremote and "<VfsLfs2>" in mpremote
    assert own.count("Hello from a board.") == 2 and re.search("[0-9a-f]{64}", own)
    assert re.search(r"board-3 +off", trouble) and re.search(r"board-2 +on", trouble)
    assert re.search("button.pressed .*item=bell", mended)
    assert world == "" and "sysname='rp2'" in chip
    assert (
        f"({len(slot())} copied)" in blank and '"copied": 0' in blank and blank.count("device.started") == 2
    )
    assert down == ""
    assert {path.name for path in (tmp_path / "var" / "vboards").glob("*.img")} == {
        f"board-{number}.img" for number in (1, 2, 3, 4, 5)
    }


def test_the_example_of_a_test_passes(tmp_path: Path, newcomer: dict[str, str]) -> None:
    (example,) = blocks("python")
    (tmp_path / "test_example.py").write_text(example)
    command = [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", "."]
    done = subprocess.run(
        command, cwd=tmp_path, env=newcomer, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
