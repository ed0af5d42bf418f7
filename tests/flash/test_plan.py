"""What has to change on a board, whether there is room, and what waits in its outbox."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from firmware.flash import Flash
from firmware.outbox import Outbox
from tests.firmware.fake_board import FakeBoard
from tools.flash import outbox
from tools.flash.board import Facts, OnFlash
from tools.flash.plan import folders, plan

FACTS = Facts("micropython", (1, 29, 0), 6, "a board", 150_000, 4096, 512, 400)
WANTED = {"/boot.py": b"b", "/main.py": b"m", "/slot_a/firmware/app.mpy": b"a" * 9000}


def on_flash(files: dict[str, bytes]) -> dict[str, OnFlash]:
    return {path: OnFlash(len(data), sha256(data).hexdigest()) for path, data in files.items()}


def test_a_blank_board_gets_all_and_one_that_has_all_gets_nothing() -> None:
    assert plan(FACTS, {}, WANTED).copied == 3
    assert plan(FACTS, on_flash(WANTED), WANTED).copied == 0


def test_what_changed_is_written_and_what_is_no_more_is_stale() -> None:
    there = on_flash(
        {**WANTED, "/boot.py": b"old", "/slot_a/firmware/gone.mpy": b"", "/main.py.new": b"", "/app.py": b""}
    )
    found = plan(FACTS, there, WANTED)
    assert (found.write, found.programs) == ({}, {"/boot.py": True, "/main.py": False})
    assert found.stale == ["/main.py.new", "/slot_a/firmware/gone.mpy"]


def test_room_is_counted_in_blocks_with_what_will_be_removed() -> None:
    full = replace(FACTS, blocks_free=0)
    assert plan(full, {}, WANTED).short == (1 + 1 + 3 + 3 + 4 + 16) * 4096
    stale = {"/slot_a/old.mpy": OnFlash(28 * 4096, "")}
    assert plan(full, stale, WANTED).short == 0
    assert plan(full, {"/slot_a/old.mpy": OnFlash(27 * 4096, "")}, WANTED).short == 4096


def test_folders_come_before_those_in_them() -> None:
    assert folders({"/slot_a/firmware/wire/a.mpy": b"", "/boot.py": b""}) == [
        "/slot_a", "/slot_a/firmware", "/slot_a/firmware/wire",
    ]  # fmt: skip


def test_the_events_that_no_edge_has_are_counted_from_the_flash_alone(tmp_path: Path) -> None:
    flash = Flash(str(tmp_path))

    def count() -> int:
        return outbox.waiting(lambda path: flash.read(path[1:]), lambda folder: flash.names(folder[1:]))

    assert count() == 0
    board = FakeBoard(flash)
    box = Outbox(board, 64 * 1024)
    assert count() == 0
    for _ in range(100):
        box.add(b"x" * 400, True)
    assert count() == 100
    box.ack(60)
    board.now_ms = 60_000
    box.tick()
    assert count() == 40
    flash.replace("outbox/cursor", b"damaged")
    assert count() == 100
