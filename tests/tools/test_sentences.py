"""Whatever somebody types, a command that cannot do it says one sentence on stderr, and ends with code 1."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.settings import SECTIONS, overrides
from tests.patience import PATIENCE_S
from tests.tools.conftest import ROOT, Boardwalk
from tools.cli import cli
from tools.sentence import printable

BYTE = "\udcff"  # a byte that is no UTF-8, as an argument carries it
MANY = "9" * 5000  # digits, more than Python makes a number of
WRONG = {
    ("token", "revoke", "a\nb"): "There is no token a\\nb that could be revoked.",
    ("user", "remove", "\x1b[2J"): "Nobody signs in as \\x1b[2J.",
    ("token", "revoke", ""): "There is nothing with the name ''.",
    ("device", "revoke", ".."): "There is nothing with the name '..'.",
    ("events", "--device", BYTE): "'\\udcff' cannot be written as utf-8; use UTF-8 for names and for this terminal.",
    ("events", "--since", MANY): f"--since is a time as 2026-11-22, 2026-11-22T14:00 or ms since 1970, not '{MANY}'.",
    ("demo", "--orders", MANY): f"--orders is a number or all, not '{MANY}'.",
    ("demo", "--orders", "٣"): "--orders is a number or all, not '٣'.",
    ("demo", "--rate", "nan"): "--rate is a number of orders a second from 0.1 on, not nan.",
    ("run", "now"): "Got unexpected extra argument (now). See boardwalk run --help.",
    ("vboard", "up", "--heap", ""): "A heap is a number of KiB from 64 to 16384, as 160K, not ''.",
    ("monitor", ""): "'' is no serial port.",
    ("monitor", "/dev/null"): "/dev/null is no serial port.",
    ("flash", "--name", "a", "--edge", ""): "--edge is an address as https://edge.example:8080, not ''.",
    ("flash", "--name", "a", "--edge", "ftp://x"): "--edge is an address as https://edge.example:8080, not 'ftp://x'.",
    ("flash", "--name", "a", "--edge", "http://[::1"): "--edge is an address as https://edge.example:8080, not 'http://[::1'.",
    ("flash", "--name", "a", "--host", "10.0.0.1:1883"): "--host is a name or an address as edge.example or 192.168.1.5, not '10.0.0.1:1883'; its port is --port.",
    ("flash", "--name", "a", "--host", ""): "--host is a name or an address as edge.example or 192.168.1.5, not ''; its port is --port.",
    ("--config", "none", "run"): "none: cannot be read (No such file or directory); --config names another file",
}  # fmt: skip


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "words", WRONG, ids=lambda words: " ".join(words)[:40].encode("ascii", "replace").decode()
)
def test_what_cannot_be_is_one_sentence(boardwalk: Boardwalk, words: tuple[str, ...]) -> None:
    done = boardwalk(*words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"boardwalk: {WRONG[words]}\n")


@pytest.mark.parametrize(
    "text, sentence",
    [
        (b"[edge]\ndata = ''\n", ", line 2: data: a folder, as ./var"),
        (b'[edge]\ndata = "a\\u0000b"\n', ", line 2: data: a folder, as ./var"),
        (b'[edge]\n"si\\u001bte" = 3\n', ", line 1: unknown key si\\x1bte in [edge]; allowed: site, data, timezone, environment"),
        (b"\xff", ": is not TOML: it is no text in UTF-8"),
    ],
    ids=["no folder", "a folder with NUL", "a key with ESC", "no text"],
)  # fmt: skip
def test_settings_that_cannot_be_are_one_sentence(
    boardwalk: Boardwalk, tmp_path: Path, text: bytes, sentence: str
) -> None:
    (tmp_path / "boardwalk.toml").write_bytes(text)
    done = boardwalk("device", "list")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"boardwalk: boardwalk.toml{sentence}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["boardwalk.toml"]


@pytest.mark.parametrize("words", [(), *((name,) for name in ("device", "token", "vboard"))])
def test_a_command_without_its_second_word_shows_which_there_are(
    boardwalk: Boardwalk, words: tuple[str, ...]
) -> None:
    done = boardwalk(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Usage: boardwalk ") and "\nCommands:\n" in done.stderr


def test_every_summary_fits_into_80_columns(boardwalk: Boardwalk) -> None:
    for words in ((), *((name,) for name, one in cli.commands.items() if hasattr(one, "commands"))):
        assert "..." not in boardwalk(*words, "--help").stdout.partition("Commands:")[2], words


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("words", ["device list --json", "device --help"])
def test_a_full_disk_behind_the_output_is_told(boardwalk: Boardwalk, words: str, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tools.cli", *words.split()],
            cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=full, stderr=subprocess.PIPE,
            text=True, timeout=PATIENCE_S,
        )  # fmt: skip
    why = os.strerror(errno.ENOSPC)
    sentence = f"This computer refuses to read or write a file, a socket or the output ({why}); mend that and try again."
    assert (done.returncode, done.stderr) == (1, f"boardwalk: {sentence}\n")


@pytest.mark.usefixtures("store")
def test_a_reader_that_has_gone_is_no_trouble(boardwalk: Boardwalk, tmp_path: Path) -> None:
    assert boardwalk("device", "add", "till-1").returncode == 0
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "tools.cli", "device", "list"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=writer, stderr=subprocess.PIPE,
        text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.usefixtures("store")
def test_letters_that_the_terminal_does_not_know_are_no_traceback(boardwalk: Boardwalk) -> None:
    done = boardwalk("token", "revoke", "🎡", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


@pytest.mark.parametrize(
    "words, found",
    [
        ("boardwalk flash /dev/tty", "file,/dev/tty"),
        ("boardwalk monitor /dev/tty", "file,/dev/tty"),
        ("boardwalk vboard up --profile ", "plain,esp32\nplain,pico"),
        ("boardwalk vboard link board-1 ", "plain,up\nplain,down"),
        ("boardwalk device log-level till-1 ", "plain,debug\nplain,info\nplain,warning"),
    ],
)
def test_the_tab_key_completes(boardwalk: Boardwalk, words: str, found: str) -> None:
    more = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_BOARDWALK_COMPLETE": "bash_complete"}
    assert boardwalk(**more).stdout == f"{found}\n"


def test_control_characters_are_written_out() -> None:
    assert printable("a\n\x1b[31m\x07b\u2028 Ä🎡") == "a\\n\\x1b[31m\\x07b\\u2028 Ä🎡"


def test_the_demo_knows_which_variables_are_of_an_edge_of_this_person() -> None:
    environ = {f"BOARDWALK_{section.upper()}_X": "" for section in SECTIONS}
    assert overrides({**environ, "BOARDWALK_VBOARD": "", "BOARDWALK_TOKEN": "", "HOME": ""}) == sorted(
        environ
    )
