"""What the documents say exists: commands, settings, topics, routes and files."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from firmware.wire import state, topics
from firmware.wire.command import BAD_ARGUMENTS, FAILED, LATE, MALFORMED, NO_CLOCK, UNKNOWN
from firmware.wire.event import FIELDS, KINDS
from server.settings import LISTS, SECTIONS, load
from server.watch import findings
from server.web.api.openapi import ENDPOINTS
from server.web.ops.metrics import METRICS
from tests.firmware.test_commands import Rig
from tools.cli import cli

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted(DOCS.rglob("*.md"))]
EVERYTHING = "\n".join(page.read_text() for page in PAGES)


def commands(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name)


@pytest.mark.parametrize("words", list(commands(cli)), ids=" ".join)
def test_every_command_is_documented(words: tuple[str, ...]) -> None:
    assert f"boardwalk {' '.join(words)}" in EVERYTHING or f"`{' '.join(words)}" in EVERYTHING


def test_every_command_that_is_documented_exists() -> None:
    known = set(commands(cli))
    for line in re.findall(r"boardwalk ((?:[a-z-]+ ?){1,2})", re.sub(r"#.*", "", EVERYTHING)):
        words = tuple(line.split())
        assert words in known or words[:1] in known, line


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_is_documented(section: str) -> None:
    table = (ROOT / "docs" / "operations.md").read_text()
    for key in SECTIONS[section].__struct_fields__:
        assert re.search(rf"\| `{key}` \|", table), (section, key)


def test_every_key_of_rankings_and_rules_is_documented() -> None:
    table = (ROOT / "docs" / "operations.md").read_text()
    for section, kind in LISTS.items():
        row = next(line for line in table.splitlines() if line.startswith(f"| `[[{section}]]`"))
        for key in kind.__struct_fields__:
            assert f"`{key}`" in row, (section, key)


def test_defaults_in_the_table_are_those_of_the_code() -> None:
    table = (ROOT / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| (?:`\[(\w+)\]`)? ?\| `(\w+)` \| (?:`([^`]*)`)? ?\|", table, re.MULTILINE)
    section = ""
    for named, key, told in rows:
        section = named or section
        default = getattr(SECTIONS[section](), key)
        assert told == ("" if default in ("", ()) else str(default)), (section, key)


def test_every_route_of_the_interface_is_documented() -> None:
    page = (ROOT / "docs" / "interface.md").read_text()
    for endpoint in ENDPOINTS:
        assert f"| `{endpoint.method} {endpoint.path}` |" in page, endpoint.path


def test_every_metric_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    for name, _, _ in METRICS:
        assert f"| `{name}` |" in page, name


def test_every_finding_is_documented() -> None:
    page = (DOCS / "operations.md").read_text()
    for kind in findings.KINDS:
        assert f"| `{kind.id}` | {kind.weight} |" in page, kind.id


def test_every_topic_and_state_fact_is_in_the_protocol() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text()
    for leaf in topics.LEAVES:
        assert f"| `{leaf}` |" in page
    for fact in state.FIELDS:
        assert f'"{fact}"' in page


def test_every_command_to_boards_and_every_refusal_is_in_the_protocol() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text()
    codes = (MALFORMED, UNKNOWN, BAD_ARGUMENTS, LATE, NO_CLOCK, FAILED)
    for word in (*Rig().commands.table, *codes):
        assert f"| `{word}` |" in page, word


def test_the_lists_of_words_are_only_ever_added_to() -> None:
    """Numbers of words are on boards' flash: their order is for ever."""
    assert KINDS[:8] == (
        "order.placed", "order.cancelled", "customer.checked_in", "button.pressed", "reading.taken",
        "device.started", "device.refused", "device.lost",
    )  # fmt: skip
    assert FIELDS[:11] == (
        "customer", "quantity", "cents", "order", "item", "of_at", "value", "unit", "count", "reason", "email",
    )  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_page_is_found_from_the_readme_and_from_the_index() -> None:
    pages = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    listed = (DOCS / "index.md").read_text().split("```")[1].split()
    readme = (ROOT / "README.md").read_text()
    assert pages <= set(listed)
    assert pages == set(re.findall(r"\(docs/([\w-]+)\.md\)", readme))


def test_every_target_of_make_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)", EVERYTHING):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for target in ("run", "test", "check", "fmt", "bench", "soak", "clean", "help", "deps"):
        assert re.search(rf"^{target}:.*##", makefile, re.MULTILINE), target


def test_the_example_of_settings_in_the_readme_is_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "boardwalk.toml").write_text(example)
    settings = load(tmp_path / "boardwalk.toml", {})
    assert [rule.name for rule in settings.rule] == ["tenth-order"]


def test_the_examples_of_rules_are_valid(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    (tmp_path / "boardwalk.toml").write_text("\n".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)))
    settings = load(tmp_path / "boardwalk.toml", {})
    assert [rule.name for rule in settings.rule] == [
        "tenth-order",
        "big-order",
        "too-warm",
        "podium",
        "outage",
    ]


def test_every_test_that_the_guarantees_name_exists() -> None:
    page = (ROOT / "docs" / "guarantees.md").read_text()
    sources = "\n".join(path.read_text() for path in (ROOT / "tests" / "faults").glob("*.py"))
    named = re.findall(r"`(test_\w+)`", page)
    assert len(named) > 20
    for test in named:
        assert f"def {test}(" in sources, test


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """But for those that somebody is told to make: `sync/postgres.py` (new)."""
    named = re.findall(r"`((?:firmware|server|sync|tools|tests)/[\w/.-]*)`(?! \(new\))", page.read_text())
    missing = [name for name in named if not (ROOT / name).exists()]
    assert {name for name in missing if f"`{name}` (new)" not in page.read_text()} == set()
