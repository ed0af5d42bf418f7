"""Each file command of the stock mpremote, and what the board's littlefs image holds afterwards."""

import hashlib
import os
import random
from pathlib import Path

import pytest

from tests.vboard.mpremote import Image, MpremoteFailed, mpremote
from tools.release.slot import slot
from tools.vboard.client import VirtualBoard

BINARY = random.Random(1).randbytes(100_000)
TEXT = "Grüße, 你好, Ελλάδα 🎡\r\nzweite Zeile\n"


async def test_ls_lists_what_the_image_holds(board: VirtualBoard) -> None:
    lines = (await mpremote(board, "fs", "ls")).splitlines()
    listed = {line.split()[1].rstrip("/"): line.split()[0] for line in lines[1:]}
    held = Image(board)
    assert set(listed) == held.names()
    assert listed["main.py"] == str(len(held.read("/main.py")))


@pytest.mark.parametrize("profile", ["esp32", "pico"])
async def test_cp_carries_100_kb_of_any_bytes_to_the_board_and_back(
    vboards, profile: str, tmp_path: Path
) -> None:
    board = await vboards.up("till", {"host": "127.0.0.1"}, profile=profile)
    (tmp_path / "there.bin").write_bytes(BINARY)
    await mpremote(board, "fs", "cp", "there.bin", ":data.bin", cwd=tmp_path)
    assert Image(board, profile).read("/data.bin") == BINARY
    await mpremote(board, "fs", "cp", ":data.bin", "back.bin", cwd=tmp_path)
    assert (tmp_path / "back.bin").read_bytes() == BINARY


async def test_cp_takes_names_with_spaces_and_other_letters(board: VirtualBoard, tmp_path: Path) -> None:
    (tmp_path / "price list.txt").write_bytes(TEXT.encode())
    await mpremote(board, "fs", "cp", "price list.txt", ":Preise für morgen.txt", cwd=tmp_path)
    assert Image(board).read("/Preise für morgen.txt") == TEXT.encode()
    await mpremote(board, "fs", "cp", ":Preise für morgen.txt", "my copy.txt", cwd=tmp_path)
    assert (tmp_path / "my copy.txt").read_bytes() == TEXT.encode()


async def test_cp_r_carries_folders_both_ways(board: VirtualBoard, tmp_path: Path) -> None:
    files = {"a.txt": b"one", "deep/er/b.bin": BINARY[:5000], "deep/empty": b""}
    for name, content in files.items():
        (tmp_path / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "app" / name).write_bytes(content)
    await mpremote(board, "fs", "cp", "-r", "app", ":", cwd=tmp_path)
    held = Image(board)
    assert {name: held.read(f"/app/{name}") for name in files} == files
    (tmp_path / "back").mkdir()
    await mpremote(board, "fs", "cp", "-r", ":app", "back", cwd=tmp_path)
    assert {name: (tmp_path / "back" / "app" / name).read_bytes() for name in files} == files


async def test_cat_prints_a_file(board: VirtualBoard, tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(TEXT.encode())
    await mpremote(board, "fs", "cp", "words", ":words", cwd=tmp_path)
    assert await mpremote(board, "fs", "cat", ":words") == TEXT.replace("\r\n", "\n")


async def test_cat_of_a_long_file_loses_nothing(board: VirtualBoard, tmp_path: Path) -> None:
    lines = "".join(f"line {number} of many\n" for number in range(4000))
    (tmp_path / "long").write_text(lines)
    await mpremote(board, "fs", "cp", "long", ":long", cwd=tmp_path)
    assert await mpremote(board, "fs", "cat", ":long") == lines


async def test_rm_removes_a_file(board: VirtualBoard) -> None:
    await mpremote(board, "fs", "rm", ":boot.py")
    assert "boot.py" not in Image(board).names()


async def test_rm_r_removes_a_folder_with_all_in_it(board: VirtualBoard) -> None:
    assert "firmware" in Image(board).names("/slot_a")
    await mpremote(board, "fs", "rm", "-r", ":slot_a")
    assert "slot_a" not in Image(board).names()


async def test_mkdir_and_rmdir_make_and_remove_a_folder(board: VirtualBoard) -> None:
    await mpremote(board, "fs", "mkdir", ":my tariffs")
    assert Image(board).names("/my tariffs") == set()
    await mpremote(board, "fs", "rmdir", ":my tariffs")
    assert "my tariffs" not in Image(board).names()


async def test_touch_makes_an_empty_file(board: VirtualBoard) -> None:
    await mpremote(board, "fs", "touch", ":nowdt")
    assert Image(board).read("/nowdt") == b""


async def test_tree_draws_every_file_of_the_image(board: VirtualBoard) -> None:
    drawn = {line.rpartition("── ")[2] for line in (await mpremote(board, "fs", "tree")).splitlines()}
    names = {part for path in slot() for part in path.split("/") if part}
    assert names | Image(board).names() <= drawn
    assert await mpremote(board, "tree", ":slot_a") != ""


async def test_sha256sum_is_that_of_the_bytes_in_the_image(board: VirtualBoard, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(BINARY[:20_000])
    await mpremote(board, "fs", "cp", "data", ":data", cwd=tmp_path)
    expected = hashlib.sha256(Image(board).read("/data")).hexdigest()
    assert expected in await mpremote(board, "fs", "sha256sum", ":data")


@pytest.mark.parametrize("profile, blocks", [("esp32", 512), ("pico", 212)])
async def test_df_tells_the_size_of_the_flash_and_what_a_file_takes_of_it(
    vboards, profile: str, blocks: int, tmp_path: Path
) -> None:
    board = await vboards.up("till", {"host": "127.0.0.1"}, profile=profile)
    (tmp_path / "data").write_bytes(BINARY)
    seen = []
    for _ in range(2):
        (row,) = (await mpremote(board, "df")).splitlines()[1:]
        kind, size, used, free, *_ = row.split()
        assert (kind, int(size), int(used) + int(free)) == ("<VfsLfs2>", blocks * 4096, blocks * 4096)
        seen.append((int(used) // 4096, Image(board, profile).files.used_block_count))
        await mpremote(board, "fs", "cp", "data", ":data", cwd=tmp_path)
    (before, held_before), (after, held_after) = seen
    assert after - before == held_after - held_before == -(-len(BINARY) // 4088)


async def test_a_file_that_is_not_there_is_said_so(board: VirtualBoard) -> None:
    with pytest.raises(MpremoteFailed, match="No such file"):
        await mpremote(board, "fs", "cat", ":nothing")


async def test_files_of_mpremote_are_there_after_a_power_cut(board: VirtualBoard, tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(os.urandom(3000))
    await mpremote(board, "fs", "cp", "kept", ":kept", cwd=tmp_path)
    await board.power_cut()
    await board.boot()
    await mpremote(board, "fs", "cp", ":kept", "back", cwd=tmp_path)
    assert (tmp_path / "back").read_bytes() == (tmp_path / "kept").read_bytes()


async def test_mip_installs_a_package_from_a_folder(board: VirtualBoard, tmp_path: Path) -> None:
    (tmp_path / "lamp.py").write_text("def glow():\n    return 'warm'\n")
    (tmp_path / "package.json").write_text('{"urls": [["lamp/__init__.py", "lamp.py"]], "version": "1"}')
    await mpremote(board, "mip", "install", "--no-mpy", "./package.json", cwd=tmp_path)
    assert Image(board).read("/lib/lamp/__init__.py") == (tmp_path / "lamp.py").read_bytes()
    assert await mpremote(board, "exec", "import lamp; print(lamp.glow())") == "warm\n"
