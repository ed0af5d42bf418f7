"""Counts the starts of a board, and notices when it starts and fails again and again.

/boot_count holds two numbers: the number of this start, and how many starts in a row have failed.
Boards load this module only while they count.
"""

PATH = "boot_count"
LOOP = 5


def begin(board, log) -> tuple[int, bool]:
    """The number of this start, from 1, and whether it should be in safe mode, because LOOP in a row failed.

    Safe mode leaves out what may be the reason: the owner's program, inputs and watchdog. A start after
    power-on is the first of a row, because power that comes and goes is no fault of the board. So is a start
    after deep sleep, which a program asks for.
    """
    number, failed = _read(board.flash)
    if board.reset_cause() in ("power", "sleep"):
        failed = 0
    safe = failed >= LOOP
    # After safe mode there is one attempt, and safe mode again if it fails.
    _write(board.flash, log, number + 1, LOOP - 1 if safe else failed + 1)
    return number + 1, safe


def well(board, log) -> None:
    """Note that this start has not failed: it ran for a while, or somebody ends it on purpose."""
    number, failing = _read(board.flash)
    if failing:
        _write(board.flash, log, number, 0)


def ask_safe(board, log) -> None:
    """Let the next start be in safe mode, unless it is after power-on."""
    _write(board.flash, log, _read(board.flash)[0], LOOP)


def _read(flash) -> tuple[int, int]:
    try:
        numbers = [int(word) for word in (flash.read(PATH) or b"0").split()]
        return numbers[0], numbers[1] if len(numbers) > 1 else 0
    except (OSError, ValueError, IndexError):
        return 0, 0


def _write(flash, log, number: int, failing: int) -> None:
    try:
        flash.replace(PATH, b"%d %d" % (number, failing))
    except OSError as error:
        log.warning("boot count:", error)  # a flash that does not write must not stop the board
