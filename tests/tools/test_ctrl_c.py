"""Ctrl-C ends a command at any moment with exit code 130, at most one line, and no traceback."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.flash.run import hear_ctrl_c
from tests.patience import PATIENCE_S
from tests.tools.conftest import ROOT
from tools.children import free_port
from tools.interrupt import STOPPED

COMMANDS = ("device list", "token add web-{} --scope read --json", "vboard list", "--help")
SENTENCE = "boardwalk: Stopped.\n"


PROGRAM = """
import os, signal, sys
real = signal.signal

def first(number, handler):
    signal.signal = real
    real(number, handler)
    os.write(READY, b".")

signal.signal = first
from tools.__main__ import main
main()
"""


def begun(words: str, folder: Path) -> subprocess.Popen[str]:
    """The command, from the moment at which its own first line has run: Python's start is not ours."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "TMPDIR": str(folder),
        "BOARDWALK_MQTT_LISTEN": f"127.0.0.1:{free_port()}", "BOARDWALK_HTTP_LISTEN": f"127.0.0.1:{free_port()}",
    }  # fmt: skip
    ready, told = os.pipe()
    program = PROGRAM.replace("READY", str(told))
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words.split()], cwd=folder, env=environment, preexec_fn=hear_ctrl_c,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, pass_fds=(told,),
    )  # fmt: skip
    os.close(told)
    assert os.read(ready, 1) == b"."
    os.close(ready)
    return process


def stopped(process: subprocess.Popen[str], whole_terminal: bool = False) -> tuple[int, str]:
    """Exit code, as a shell has it, and errors after Ctrl-C."""
    with suppress(ProcessLookupError):
        (os.killpg if whole_terminal else os.kill)(process.pid, signal.SIGINT)
    try:
        _, err = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return 128 - process.returncode if process.returncode < 0 else process.returncode, err


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("words", COMMANDS)
def test_at_any_moment(words: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """U24: a traceback while Python imports."""
    moments = 60 if pytestconfig.getoption("--soak") else 6
    at = time.monotonic()
    first = begun(words.format("first"), tmp_path)
    _, usual = first.communicate(timeout=PATIENCE_S)
    usual_s, codes = time.monotonic() - at, set()
    for number in range(moments):
        process = begun(words.format(number), tmp_path)
        time.sleep(usual_s * number / (moments - 1))
        code, err = stopped(process)
        assert code in (STOPPED, first.returncode), err
        assert err.removeprefix(usual) in ("", SENTENCE), err
        codes.add(code)
    assert STOPPED in codes


def test_a_server_that_is_not_open_yet_says_at_most_one_line_of_its_own(tmp_path: Path) -> None:
    codes = set()
    for number in range(8):
        process = begun("run", tmp_path)
        time.sleep(0.25 * number)
        code, err = stopped(process, whole_terminal=True)
        assert "Traceback" not in err and "Exception ignored" not in err, err
        assert err.count("boardwalk: ") <= 1, err
        codes.add(code)
    assert codes <= {0, STOPPED} and STOPPED in codes


def test_a_demo_that_opens_is_closed_without_a_word_of_python(tmp_path: Path) -> None:
    for number in range(5):
        process = begun("demo --boards 1", tmp_path)
        time.sleep(0.2 + 1.2 * number)
        code, err = stopped(process, whole_terminal=True)
        assert code in (0, STOPPED), err
        assert "Traceback" not in err and "Exception ignored" not in err, err
        assert list(tmp_path.glob("boardwalk-demo-*")) == []


@pytest.mark.parametrize("after_s", [0, 0.05, 0.1, 0.15])
def test_a_demo_whose_boards_have_just_begun_is_closed_without_a_word_of_python(
    tmp_path: Path, after_s: float
) -> None:
    """In a terminal, Ctrl-C is for every process of the command that has no session of its own."""
    process = begun("demo --boards 1", tmp_path)
    end = time.monotonic() + PATIENCE_S
    while not boards_of(process.pid):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.01)
    time.sleep(after_s)
    code, err = stopped(process, whole_terminal=True)
    assert code == 0 and "Traceback" not in err, err


def boards_of(pid: int) -> list[str]:
    """The processes that own boards, of this command."""
    found = subprocess.run(
        ["pgrep", "-f", f"tools.vboard.host .* --parent {pid}"], capture_output=True, text=True
    )
    return found.stdout.split()


def ignore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_a_command_that_was_started_to_ignore_it_goes_on(tmp_path: Path) -> None:
    """As after nohup, or behind & in a script."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", "--help"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=ignore_ctrl_c,
    )  # fmt: skip
    for _ in range(20):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err, "Usage" in out) == (0, "", True)
