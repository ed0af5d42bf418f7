"""A disk without room: commands say so, leave nothing that is half written, and work once there is room."""

import sys
from pathlib import Path

import pytest

from server.errors import BoardwalkError
from tests.tools.conftest import Boardwalk
from tools.commands.vboard import CredentialsFile


def test_a_store_is_not_said_to_be_damaged(boardwalk: Boardwalk) -> None:
    done = boardwalk("run", room=8192)
    sentence = "The store var/boardwalk.db cannot be opened (disk I/O error); see to the disk."
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"boardwalk: {sentence}\n")
    assert boardwalk("device", "add", "till-1").returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="boards have images where MicroPython is")
def test_a_board_has_a_whole_image_or_none(boardwalk: Boardwalk, tmp_path: Path) -> None:
    folder = tmp_path / "var" / "vboards"
    done = boardwalk("vboard", "up", "--n", "1", "--blank", room=1 << 20)
    sentence = f"This computer refuses a board what it needs in {folder} (File too large)."
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"boardwalk: {sentence}\n")
    assert not [path.name for path in folder.glob("board-1.*") if path.suffix in (".img", ".new")]
    assert boardwalk("vboard", "down").returncode == 0
    assert boardwalk("vboard", "up", "--n", "1", "--blank").returncode == 0


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"device": 3, "secret": null}'])
def test_credentials_that_somebody_has_changed_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "board-1.json"
    path.write_text(text)
    with pytest.raises(
        BoardwalkError, match=r"board-1\.json has no credentials of a board; remove it, and .*"
    ):
        CredentialsFile(path).read()
