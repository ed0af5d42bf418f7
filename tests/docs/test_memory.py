"""The table of docs/memory.md is what a board measures."""

from pathlib import Path

from tools.vboard.client import Fleet
from tools.vboard.heap import measure, modules
from tools.vboard.pytest_plugin import fleet, vboard_folder  # noqa: F401

PAGE = Path(__file__).parents[2] / "docs" / "memory.md"
SLACK = 1024  # bytes that a module may be off


def told() -> dict[str, tuple[int, int]]:
    """Bytes of heap and of flash by module."""
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith(("| `", "| all "))]
    return {
        row[1].strip(" `"): (
            int(row[2].replace(",", "")),
            int(row[3].replace(",", "").replace("built in", "0")),
        )
        for row in rows
    }


async def test_the_table_of_modules_is_what_a_board_measures(fleet: Fleet) -> None:  # noqa: F811
    page, costs = told(), await measure(fleet)
    assert page.keys() - {"all"} == {cost.module for cost in costs} == set(modules())
    wrong = [
        f"{cost.module}: {cost.heap} and {cost.flash} bytes, the page says {page[cost.module]}"
        for cost in costs
        if abs(cost.heap - page[cost.module][0]) > SLACK or abs(cost.flash - page[cost.module][1]) > SLACK
    ]
    assert not wrong, "write the table anew, as python -m tools.vboard.heap prints it: " + "; ".join(wrong)
    assert page["all"] == tuple(sum(page[name][at] for name in modules()) for at in (0, 1))
