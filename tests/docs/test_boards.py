"""docs/boards.md against the firmware."""

import inspect
import re
from pathlib import Path

from firmware import starts
from firmware.link import BACKOFF_MOST_MS, BACKOFF_MS, REJOIN_POLLS, WIFI_POLL_S
from firmware.program import KIND, Interface
from firmware.troubles import CODES, REPEAT_MS
from server.words import TROUBLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "boards.md").read_text()


def test_the_patterns_are_those_of_the_led() -> None:
    rows = re.findall(r"^\| (\d) \| `([a-z-]+)` \|", PAGE, re.MULTILINE)
    assert [(int(blinks), code) for blinks, code in rows] == list(enumerate(CODES, 1))


def test_troubles_that_a_state_can_tell_have_words() -> None:
    assert set(CODES) - set(TROUBLES) == {"settings", "safe-mode"}, "a board tells of neither"


def test_every_part_of_the_interface_is_in_the_table() -> None:
    for name, function in inspect.getmembers(Interface, inspect.isfunction):
        if not name.startswith("_"):
            row = re.search(rf"^\| `(?:await )?{name}\(([^)]*)\)` \|", PAGE, re.MULTILINE)
            assert row, name
            known = [each for each in inspect.signature(function).parameters if each not in ("self", "more")]
            assert [each.split("=")[0] for each in row[1].split(", ")] == known, name
    assert f"`{KIND}`" in PAGE


def test_every_example_is_in_the_table() -> None:
    found = re.findall(r"^\| `(firmware/examples/\w+\.py)` \|", PAGE, re.MULTILINE)
    assert sorted(found) == sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / "firmware" / "examples").glob("*.py")
    )


def test_the_example_on_the_page_is_the_button() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    button = (ROOT / "firmware" / "examples" / "order_button.py").read_text()
    assert code.replace("4, pressed", "BUTTON, pressed") in button


def test_the_figures_are_those_of_the_code() -> None:
    assert starts.LOOP == 5 and "five starts in a row" in PAGE
    assert REPEAT_MS == 30_000 and "every 30 s" in PAGE
    assert REJOIN_POLLS * WIFI_POLL_S == 5 and "Wi-Fi every 5 s" in PAGE
    assert BACKOFF_MS == 500 and BACKOFF_MOST_MS * 1.5 == 45_000 and "to about 45 s" in PAGE
