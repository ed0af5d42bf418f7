"""`make bench` never fails for slowness: it reports what it saw, and marks it."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tools.bench import crowd, live, messages, site, store
from tools.bench.__main__ import main
from tools.bench.ratio import Ratio, Seen, measure, of
from tools.bench.rows import GROUPS


def benched(monkeypatch: pytest.MonkeyPatch, **groups: Any) -> Result:
    """What the command says of these groups."""
    for name, group in groups.items():
        monkeypatch.setitem(GROUPS, name, group)
    return CliRunner().invoke(
        main, [word for name in groups for word in ("--only", name)], env={"COLUMNS": "200"}
    )


def fine() -> Iterator[Ratio]:
    """A group as it should be."""
    yield measure(("rows", "others"), lambda: 6.0, lambda: 3.0)


def watched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lines: str) -> crowd.Crowd:
    """A crowd whose live clients say these lines."""
    told = site.child
    monkeypatch.setattr(site, "child", lambda _, folder: told(["printf", lines], folder))
    edge = site.Running(os.getpid(), 1, 1.0)
    return crowd.Crowd(edge, "token", tmp_path)


def test_live_clients_that_get_less_than_they_should_are_a_marked_row(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = watched(monkeypatch, tmp_path, "ready\n" + "".join(f"{4000 * n} {90000 * n}\n" for n in range(4)))

    def clients() -> Iterator[Ratio]:
        yield of(("CPU", "nobody"), [(slow.watched(), 4.0)], "%")

    said = benched(monkeypatch, live=clients, messages=fine)
    assert said.exit_code == 0, said.output
    assert "* CPU: the live clients had 12,000 of 15,000 events" in said.output
    _, marked, plain = (line for line in said.stdout.splitlines() if line.rstrip().endswith(")"))
    assert marked.split()[:2] == ["*", "CPU"] and plain.split()[0] == "rows" and "2.00 (2.00-2.00)" in plain


def test_live_clients_that_are_cut_off_are_a_row_without_figures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def clients() -> Iterator[Ratio]:
        watched(monkeypatch, tmp_path, "ready\n1 1\n").watched()
        yield from fine()

    said = benched(monkeypatch, live=clients, messages=fine)
    assert said.exit_code == 0, said.output
    assert "* live: a live client was cut off before the end" in said.output
    assert "rows " in said.output


def test_messages_that_are_not_all_taken_in_time_give_the_rate_that_was_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store.fill(tmp_path, 1)
    monkeypatch.setattr(messages, "PATIENCE_S", 0.05)
    nobody: Any = SimpleNamespace(publish=lambda _: None)
    bench = messages.Bench(tmp_path, site.Running(os.getpid(), 1, 1.0), 1, nobody)
    found = bench.committed([], 10)
    assert isinstance(found, Seen)
    assert (found, found.note) == (0.0, "0 of 10 events were committed after 0 s")
    assert of(("ours", "its"), [(found, 0.0)], "/s").note == found.note


def test_receipts_and_live_events_that_do_not_come_count_as_the_whole_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "SETTLE_S", 0.05)
    one = ("till-0", 1)
    boards: Any = SimpleNamespace(run=lambda *_: [one], sent={one: 0.0}, acked={one: 0.5}, late=1)
    told, heard = live.one_round(SimpleNamespace(seen={}), boards)  # type: ignore[arg-type]
    assert isinstance(told, Seen) and isinstance(heard, Seen)
    assert told.note == "1 of 1 events had not reached the live client after 0 s"
    assert (heard, heard.note) == (500.0, "1 events had no receipt after 10 s")


def test_what_is_broken_is_still_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Ratio]:
        raise RuntimeError("a fault of ours")
        yield

    said = benched(monkeypatch, live=broken, messages=partial(fine))
    assert said.exit_code == 1
    assert "not measured: live" in said.output and "rows " in said.output
