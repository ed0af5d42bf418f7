"""The model of a disk: what it lets a power cut take, and what not."""

import os
import random
import subprocess
import sys
from pathlib import Path, PurePath

import pytest

from tests.faults.power.disk import Disk
from tests.faults.power.medium import File, Image, Medium

FOLDER = PurePath("/data")
LETTERS = b"".join(bytes([letter]) * 512 for letter in b"abcd")


def cuts(medium: Medium, count: int = 300) -> list[Image]:
    """What many cuts leave."""
    return [medium.after_a_cut(random.Random(seed)) for seed in range(count)]


def test_what_was_confirmed_is_there_and_of_the_rest_any_sectors() -> None:
    file = File()
    file.later = [(0, (0, LETTERS)), (1, (512, b"x" * 1024))]
    file.confirm(1)
    left = {image[FOLDER] for image in cuts(Medium({FOLDER: file}))}
    x, (a, b, c, d) = b"x" * 512, (LETTERS[at : at + 512] for at in range(0, 2048, 512))
    assert left == {a + b + c + d, a + x + c + d, a + b + x + d, a + x + x + d}


def test_a_file_may_have_grown_without_its_data_and_not_have_shrunk() -> None:
    file = File(bytearray(b"abc"), [(0, (3, b"de")), (1, (1, None))])
    left = {image[FOLDER] for image in cuts(Medium({FOLDER: file}))}
    assert left == {b"abc", b"abc\0\0", b"abcde", b"a"}


def test_a_name_is_certain_by_its_folder_and_a_rename_is_whole() -> None:
    old, new = File(bytearray(b"old")), File(bytearray(b"new"))
    medium = Medium({FOLDER: File(is_folder=True), FOLDER / "a": old})
    medium.change(0, {FOLDER / "b": new})
    medium.change(1, {FOLDER / "b": None, FOLDER / "a": new})
    assert {tuple(image.values()) for image in cuts(medium)} == {
        (None, b"old"), (None, b"old", b"new"), (None, b"new"),
    }  # fmt: skip
    medium.confirm(FOLDER, 2)
    assert {tuple(image.values()) for image in cuts(medium)} == {(None, b"new")}


WRITER = """
import os, sys
draft = os.open("data/draft", os.O_WRONLY | os.O_CREAT, 0o600)
os.write(draft, b"new")
if sys.argv[1] == "careful": os.fsync(draft)
os.replace("data/draft", "data/file")
folder = os.open("data", os.O_RDONLY)
os.fsync(folder)
"""


@pytest.mark.parametrize(("care", "left"), [("careful", {b"new"}), ("careless", {b"", b"\0\0\0", b"new"})])
def test_a_file_that_is_replaced_without_fsync_may_be_empty(care: str, left: set[bytes], disk: Disk) -> None:
    """The mistake that a real program makes most, through the library."""
    (disk.folder / "data").mkdir()
    (disk.folder / "data" / "file").write_bytes(b"old")
    disk.begin()
    program = WRITER.replace('"data', f'"{disk.folder}/data')
    subprocess.run([sys.executable, "-c", program, care], env=os.environ | disk.environ(), check=True)
    assert (disk.folder / "data" / "file").read_bytes() == b"new"
    path = Path(disk.folder / "data" / "file")
    assert {image[path] for image in cuts(disk.medium())} == left
