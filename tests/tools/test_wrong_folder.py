"""In a folder without a store, a command says which one it looked for, and leaves nothing behind."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from loguru import logger

from tests.docs.test_docs import commands
from tools.cli import cli

STORE = (
    "device add door", "device list", "device show door", "device revoke door", "device identify door",
    "device restart door", "device log-level door info", "device settings door", "token add web --scope read",
    "token list", "token revoke web", "user add ann@shop.example", "user link ann@shop.example",
    "user role ann@shop.example admin", "user list", "user remove ann@shop.example", "events", "events --csv",
    "monitor --device door", "rejects", "mail list", "mail send 1", "mail drop --all held",
)  # fmt: skip
BOARDS = (
    "vboard list", "vboard port board-1", "vboard down", "vboard power-cut board-1", "vboard boot board-1",
    "vboard reset board-1", "vboard link board-1 up", "vboard wifi board-1 gulls", "vboard pin board-1 4",
    "vboard adc board-1 26 0", "vboard clock board-1 unset",
)  # fmt: skip
OTHER = (  # these have no store, or need more than one
    "cloud init", "cloud events", "rules check", "rules try event.json", "monitor /dev/null",
    "flash --name door /dev/null",
)  # fmt: skip
MAKERS = ("run", "demo", "vboard up")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to be in; commands change where the log goes."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    logger.remove()
    logger.add(sys.stderr)


def told(words: str) -> Result:
    done = CliRunner().invoke(cli, words.split(), prog_name="boardwalk")
    assert [path.name for path in Path.cwd().iterdir()] == [], words
    return done


@pytest.mark.parametrize("words", STORE)
def test_the_store_that_is_not_there_is_named(folder: Path, words: str) -> None:
    """U21: a new store and a useless secret were made there."""
    done = told(words)
    sentence = (
        f"There is no store in {folder / 'var'}; go to the folder of the edge, name its settings with --config, or "
        "start a new one with boardwalk run."
    )
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"boardwalk: {sentence}\n")


@pytest.mark.parametrize("words", BOARDS)
def test_the_boards_that_are_not_there_are_named(folder: Path, words: str) -> None:
    done = told(words)
    sentence = (
        f"No virtual boards run in {folder / 'var' / 'vboards'}; go to the folder where they do, or start some with "
        "boardwalk vboard up."
    )
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"boardwalk: {sentence}\n")


@pytest.mark.parametrize("words", OTHER)
def test_what_needs_no_store_makes_none(words: str) -> None:
    assert told(words).stderr.count("\n") == 1


def test_every_command_is_tried() -> None:
    tried = (*STORE, *BOARDS, *OTHER, *MAKERS)
    for words in commands(cli):
        assert any(one == " ".join(words) or one.startswith(" ".join(words) + " ") for one in tried), words
