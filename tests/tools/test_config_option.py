"""`--config` names the settings, in front of a command's name and behind it; the last one counts."""

from pathlib import Path

import click
import pytest

from tests.docs.test_docs import commands
from tests.edge_process import edge_process
from tests.tools.conftest import Boardwalk
from tools.cli import WITHOUT_SETTINGS, cli


def found(group: click.Group, words: tuple[str, ...]) -> click.Command:
    command: click.Command = group
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    return command


@pytest.mark.parametrize("words", list(commands(cli)), ids=" ".join)
def test_every_command_that_has_settings_takes_it(words: tuple[str, ...]) -> None:
    """U23: it was refused behind the name."""
    names = [name for one in found(cli, words).params for name in one.opts]
    assert names.count("--config") == (words[0] not in WITHOUT_SETTINGS)


@pytest.mark.parametrize(
    "words, store",
    [
        ("--config one.toml device list", "one"),
        ("device list --config one.toml", "one"),
        ("device --config one.toml list", "one"),
        ("--config one.toml device list --config two.toml", "two"),
        ("--config one.toml device --config two.toml list", "two"),
        ("device list --config one.toml --config two.toml", "two"),
        ("--config one.toml events --config two.toml", "two"),
        ("monitor --config two.toml --device till-1", "two"),
        ("device list", "var"),
    ],
)
def test_the_last_one_counts(boardwalk: Boardwalk, tmp_path: Path, words: str, store: str) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(f'[edge]\ndata = "{name}"\n')
    done = boardwalk(*words.split())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"boardwalk: There is no store in {tmp_path / store};")


@pytest.mark.parametrize(
    "words", ["--config none run", "run --config none", "--config boardwalk.toml run --config none"]
)
def test_a_server_takes_it_in_both_places(boardwalk: Boardwalk, tmp_path: Path, words: str) -> None:
    (tmp_path / "boardwalk.toml").write_text("")
    done = boardwalk(*words.split())
    sentence = "none: cannot be read (No such file or directory); --config names another file"
    assert (done.returncode, done.stderr) == (1, f"boardwalk: {sentence}\n")


def test_a_demo_which_has_its_own_settings_refuses_it(boardwalk: Boardwalk) -> None:
    done = boardwalk("demo", "--config", "x")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


async def test_names_complete_from_the_edge_of_the_last_one(boardwalk: Boardwalk, tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        await edge.ask("POST", "/api/v1/devices", {"name": "till-1"})
        (tmp_path / "one.toml").write_text('[edge]\ndata = "none"\n')
        (tmp_path / "two.toml").write_text('[edge]\ndata = "data"\n')
        for words, names in (
            ("boardwalk --config two.toml device show t", ["plain,till-1"]),
            ("boardwalk device show --config two.toml t", ["plain,till-1"]),
            ("boardwalk --config one.toml device show --config two.toml t", ["plain,till-1"]),
            ("boardwalk --config two.toml device show --config one.toml t", []),
        ):
            more = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
            done = boardwalk(_BOARDWALK_COMPLETE="bash_complete", **more)
            assert (done.stdout.split(), done.stderr) == (names, ""), words
