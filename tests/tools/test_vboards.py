"""`boardwalk vboard` on the command line: refusals, what it leaves behind, and what it never leaves."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S
from tests.tools.conftest import Boardwalk
from tests.vboard.test_boards import parent_of


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("up --n 0", "--n is 1 to 1000, not 0."),
        ("up --every=-1", "--every is 0 to 86400 seconds, 0 for no orders, not -1."),
        ("up --every inf", "--every is 0 to 86400 seconds, 0 for no orders, not inf."),
        ("up --every nan", "--every is 0 to 86400 seconds, 0 for no orders, not nan."),
        ("power-cut board-1 --after-bytes=-5", "--after-bytes is 0 to 2147483647 bytes, not -5."),
        (
            "power-cut board-1 --after-bytes 9999999999",
            "--after-bytes is 0 to 2147483647 bytes, not 9999999999.",
        ),
        ("up --profile teensy", "There is no profile 'teensy'; there are esp32 and pico."),
        ("up --heap 3", "A heap is a number of KiB from 64 to 16384, as 160K, not '3'."),
        ("up --heap 99999999K", "A heap is a number of KiB from 64 to 16384, as 160K, not '99999999K'."),
        ("link board-1 sideways", "A link goes up or down, not 'sideways'."),
        ("pin board-1 4 7", "A pin is 0 or 1, not 7."),
        ("clock board-1 noon", "A time is as 2026-11-23T08:30, or unset, not 'noon'."),
        ("clock board-1 0001-01-01", "A time is as 2026-11-23T08:30, or unset, not '0001-01-01'."),
    ],
)
def test_what_cannot_be_is_one_sentence(boardwalk: Boardwalk, words: str, sentence: str) -> None:
    done = boardwalk("vboard", *words.split())
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"boardwalk: {sentence}\n")


def test_blank_boards_need_no_edge_and_keep_what_is_put_on_them(boardwalk: Boardwalk, tmp_path: Path) -> None:
    up = boardwalk("vboard", "up", "--n", "1", "--blank", "--json")
    assert up.returncode == 0, up.stderr
    port = json.loads(up.stdout)[0]["port"]
    mpremote = [sys.executable, "-m", "mpremote", "connect", port]
    subprocess.run([*mpremote, "fs", "touch", ":note"], check=True, capture_output=True, timeout=PATIENCE_S)
    assert boardwalk("vboard", "down").returncode == 0
    up = boardwalk("vboard", "up", "--n", "1", "--blank", "--json")
    mpremote[-1] = json.loads(up.stdout)[0]["port"]
    done = subprocess.run([*mpremote, "fs", "ls"], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.stdout.split() == ["ls", ":", "0", "note"]
    assert not (tmp_path / "var" / "boardwalk.db").exists()


def on_board(port: str, code: str) -> str:
    """What this code prints on the board behind a port."""
    mpremote = [sys.executable, "-m", "mpremote", "connect", port, "exec", code]
    return subprocess.run(mpremote, check=True, capture_output=True, text=True, timeout=PATIENCE_S).stdout


def test_the_world_around_a_board_is_set_by_commands(boardwalk: Boardwalk) -> None:
    up = boardwalk("vboard", "up", "--n", "1", "--blank", "--json")
    port = json.loads(up.stdout)[0]["port"]
    for words in ("adc board-1 26 40000", "pin board-1 4 1", "wifi board-1 summer"):
        done = boardwalk("vboard", *words.split())
        assert done.returncode == 0, done.stderr
    assert boardwalk("vboard", "clock", "board-1", "2031-02-03T04:05").returncode == 0
    code = """
import machine, network, time
print(machine.ADC(26).read_u16(), machine.Pin(4).value(), time.localtime()[:4])
for password in ("winter", "summer"):
    wlan = network.WLAN()
    wlan.connect("Shop", password)
    time.sleep(0.1)
    print(wlan.isconnected())
"""
    told = on_board(port, code).splitlines()
    hours = datetime(2031, 2, 3, 4, 5).astimezone(UTC).timetuple()[:4]  # a board's clock is UTC
    assert told == [f"40000 1 {tuple(hours)}", "False", "True"]
    assert boardwalk("vboard", "clock", "board-1", "unset").returncode == 0
    assert on_board(port, "import time; print(time.localtime()[0])") == "2000\n"


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("adc board-1 26 65536", "An analog input reads 0 to 65535."),
        ("adc board-1 64 0", "A pin is 0 to 63."),
        ("pin board-1 -- -1 0", "A pin is 0 to 63."),
        (f"wifi board-1 {64 * 'x'}", "A Wi-Fi password has at most 63 bytes."),
        (
            "adc board-9 26 0",
            "There is no board 'board-9'; boardwalk vboard list shows those that there are.",
        ),
    ],
)
def test_what_a_board_has_not_is_one_sentence(boardwalk: Boardwalk, words: str, sentence: str) -> None:
    boardwalk("vboard", "up", "--n", "1", "--blank")
    done = boardwalk("vboard", *words.split())
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"boardwalk: {sentence}\n")


def test_names_of_boards_complete_on_tab(boardwalk: Boardwalk) -> None:
    def completed() -> list[str]:
        words = {"COMP_WORDS": "boardwalk vboard reset b", "COMP_CWORD": "3"}
        done = boardwalk(_BOARDWALK_COMPLETE="bash_complete", **words)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    assert completed() == []
    boardwalk("vboard", "up", "--n", "2", "--blank")
    assert completed() == ["plain,board-1", "plain,board-2"]


def test_boards_beside_an_external_broker_are_sent_to_it(boardwalk: Boardwalk, tmp_path: Path) -> None:
    (tmp_path / "boardwalk.toml").write_text('[mqtt]\nurl = "mqtts://broker.example"\n')
    done = boardwalk("vboard", "up", "--n", "1")
    sentence = "The broker of [mqtt] url speaks TLS; start the boards with --blank and flash them."
    assert (done.returncode, done.stderr) == (1, f"boardwalk: {sentence}\n")


def processes(folder: Path) -> tuple[int, list[int]]:
    """The process that owns the boards of a folder, and theirs."""
    found = []
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"tools.vboard.host\0{folder}\0".encode() in status.read_bytes():
                found.append(int(status.parent.name))
        except OSError:
            continue  # it has just ended
    owner = next(pid for pid in found if parent_of(pid) not in found)
    return owner, [pid for pid in found if pid != owner]


def gone(pids: list[int]) -> None:
    """Wait until these processes have ended."""
    end = time.monotonic() + PATIENCE_S
    while alive := [pid for pid in pids if parent_of(pid)]:
        assert time.monotonic() < end, alive
        time.sleep(0.02)


def test_a_second_up_keeps_the_boards_and_down_ends_them_all(boardwalk: Boardwalk, tmp_path: Path) -> None:
    first = boardwalk("vboard", "up", "--n", "2", "--json")
    assert first.returncode == 0, first.stderr
    owner, boards = processes(tmp_path / "var" / "vboards")
    assert len(boards) == 2
    assert boardwalk("vboard", "up", "--n", "3").returncode == 0
    again, more = processes(tmp_path / "var" / "vboards")
    assert again == owner and set(boards) < set(more)
    refused = boardwalk("vboard", "reset", "board-9")
    assert (refused.returncode, refused.stderr) == (
        1, "boardwalk: There is no board 'board-9'; boardwalk vboard list shows those that there are.\n",
    )  # fmt: skip
    assert boardwalk("vboard", "down").returncode == 0
    gone([owner, *more])


def test_a_board_that_was_revoked_is_registered_again_by_the_next_up(
    boardwalk: Boardwalk, tmp_path: Path
) -> None:
    def secret() -> str:
        kept: dict[str, str] = json.loads((tmp_path / "var" / "vboards" / "board-1.json").read_text())
        return kept["secret"]

    assert boardwalk("vboard", "up", "--n", "1").returncode == 0
    first = secret()
    assert boardwalk("vboard", "up", "--n", "1").returncode == 0
    assert secret() == first
    assert boardwalk("vboard", "down").returncode == 0
    assert boardwalk("device", "revoke", "board-1").returncode == 0
    assert boardwalk("vboard", "up", "--n", "1").returncode == 0
    second = secret()
    assert second != first
    assert boardwalk("device", "revoke", "board-1").returncode == 0
    up = boardwalk("vboard", "up", "--n", "1", "--json")  # while it runs
    assert secret() not in (first, second)
    done = on_board(json.loads(up.stdout)[0]["port"], "print(open('/settings.json').read())")
    assert secret() in done
    listed = json.loads(boardwalk("device", "list", "--json").stdout)
    assert [one["revoked_at"] for one in listed] == [None]


def test_programs_that_start_boards_at_the_same_moment_share_one_owner(
    boardwalk: Boardwalk, tmp_path: Path
) -> None:
    with ThreadPoolExecutor() as at_once:
        done = list(at_once.map(lambda count: boardwalk("vboard", "up", "--n", count), ("2", "4", "3")))
    assert [(each.returncode, each.stderr) for each in done] == [(0, "")] * 3
    assert [each.stdout.count(" on ") for each in done] == [2, 4, 3]
    _, boards = processes(tmp_path / "var" / "vboards")
    assert len(boards) == 4


def test_a_folder_that_cannot_be_written_is_named(boardwalk: Boardwalk, tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    done = boardwalk("vboard", "up", "--n", "1")
    sentence = "The folder var/vboards cannot be written (Not a directory)."
    assert (done.returncode, done.stderr) == (1, f"boardwalk: {sentence}\n")


def test_a_crash_of_the_owner_leaves_no_orphan_and_up_starts_anew(
    boardwalk: Boardwalk, tmp_path: Path
) -> None:
    boardwalk("vboard", "up", "--n", "20")
    owner, boards = processes(tmp_path / "var" / "vboards")
    assert len(boards) == 20
    os.kill(owner, signal.SIGKILL)
    gone(boards)
    done = boardwalk("vboard", "up", "--n", "20")
    assert done.stdout.count(" on ") == 20, done.stderr
