"""A field of a value that nobody explains is found, and so is one `Any` too many."""

from pathlib import Path

import pytest

from tools import values
from tools.values import Field, Packages

CODE = '''"""A module."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import msgspec


@dataclass(frozen=True)
class Order:
    """An order. cents: what it costs."""

    cents: int
    placed: int
    table: str  # where the guest sits
    # who took it
    waiter: str
    kind: ClassVar[str] = "order"
    _taken: bool = field(default=False)


class Place(NamedTuple):
    rank: int


class Query(msgspec.Struct, kw_only=True):
    """limit: rows at most."""

    limit: int


class Page(Query):
    """A page of it, for ranked rows."""

    limit: int = 100
    rank: Any = None


class NoValue:
    """Has no fields."""

    cents: int
'''
CHILD = '''"""Another module."""

from server.orders import Page as Base


class Long(Base):
    rank: int
    after: "Any"
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "server/orders.py": CODE,
        "sync/long.py": CHILD,
        "tools/vboard/sim/x.py": CODE,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path


def test_every_field_that_nobody_explains_is_found(root: Path) -> None:
    packages = Packages(root)
    assert list(packages.unexplained()) == [
        Field("server/orders.py:14", "Order.placed"),
        Field("server/orders.py:23", "Place.rank"),
        Field("server/orders.py:36", "Page.rank"),
        Field("sync/long.py:7", "Long.rank"),
        Field("sync/long.py:8", "Long.after"),
    ]
    assert (packages.fields(), packages.anys()) == (10, 1)


def test_what_is_found_fails_the_check(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "ANY_LIMIT", 0)
    assert values.main(root) == 1
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "sync/long.py:8 Long.after",
        "5 of 10 fields are not explained.",
        "`Any` is used 1 times, 0 are allowed: name a type.",
    ]
