"""A condition compares what an event has with a value of the same sort, and holds of nothing else."""

from typing import Any

import pytest

from server.rules.where import Where
from server.settings import Condition, Rule, condition

WRITTEN = [
    ("cents >= 10000", Condition("cents", ">=", 10000)),
    ("  cents>=-5 ", Condition("cents", ">=", -5)),
    ("value < 21.5", Condition("value", "<", 21.5)),
    ("paid = true", Condition("paid", "=", True)),
    ("paid != false", Condition("paid", "!=", False)),
    ("unit = 'kg'", Condition("unit", "=", "kg")),
    ('item != "Tom\'s = best"', Condition("item", "!=", "Tom's = best")),
    ("item = ''", Condition("item", "=", "")),
    ("customer = '14048'", Condition("customer", "=", "14048")),
    ("a-b.c_d <= 0", Condition("a-b.c_d", "<=", 0)),
]
WRONG = [
    "", "cents", "cents >", ">= 5", "cents == 5", "cents => 5", "cents <> 5", "5 < cents", "cents > 1e3",
    "cents > 10_000", "cents > 007", "cents > +1", "cents > 1.", "cents > .5", "cents > many", "cents > 'a",
    "unit = kg", "unit = 'k\x07g'", "unit = 'a' or 'b'", "cents > 1 and cents < 5", "9lives = 9",
    "cents > 9007199254740992", "cents > " + "9" * 5000, "cents > " + "9" * 400 + ".5", "paid = True",
    "unit = '" + "x" * 257 + "'", "cents > \N{ARABIC-INDIC DIGIT ONE}", "paid < true", "customer = 5",
    "device != true",
]  # fmt: skip
HOLDS: list[tuple[str, dict[str, Any], bool]] = [
    ("cents = 5", {"cents": 5}, True), ("cents = 5", {"cents": 5.0}, True), ("cents = 5", {"cents": 6}, False),
    ("cents != 5", {"cents": 6}, True), ("cents != 5", {"cents": 5}, False), ("cents < 5", {"cents": 4}, True),
    ("cents < 5", {"cents": 5}, False), ("cents <= 5", {"cents": 5}, True), ("cents <= 5", {"cents": 6}, False),
    ("cents > 5", {"cents": 5}, False), ("cents > 5", {"cents": 5.5}, True), ("cents >= 5", {"cents": 5}, True),
    ("cents >= 5.5", {"cents": 5}, False), ("unit = 'kg'", {"unit": "kg"}, True), ("unit > 'a'", {"unit": "b"}, True),
    ("paid = true", {"paid": True}, True), ("paid != true", {"paid": False}, True), ("paid = 1", {"paid": True}, False),
    ("cents = true", {"cents": 1}, False), ("cents != 5", {}, False), ("cents != 5", {"cents": None}, False),
    ("cents != 5", {"cents": "5"}, False), ("unit != 'kg'", {"unit": 5}, False), ("customer = 'ann'", {}, True),
    ("customer != 'ann'", {}, False), ("device = 'till-1'", {"device": "till-2"}, True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), WRITTEN, ids=[one[0] for one in WRITTEN])
def test_a_condition_is_read_as_it_is_written(text: str, wanted: Condition) -> None:
    assert condition(text) == wanted
    assert type(condition(text).value) is type(wanted.value)
    if '"' not in str(wanted.value):
        assert condition(str(wanted)) == wanted


@pytest.mark.parametrize("text", WRONG, ids=[one[:20] for one in WRONG])
def test_what_is_no_condition_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        condition(text)
    assert str(caught.value).startswith(f"{text!r}; ")


@pytest.mark.parametrize(("text", "fields", "wanted"), HOLDS, ids=[f"{one[0]} of {one[1]}" for one in HOLDS])
def test_a_condition_holds_of_values_of_its_own_sort_only(
    text: str, fields: dict[str, Any], wanted: bool
) -> None:
    assert Where([condition(text)]).accepts(fields, ("ann", "till-1")) is wanted


def test_an_event_without_a_customer_fulfils_no_condition_on_it() -> None:
    for text in ("customer = 'ann'", "customer != 'ann'", "customer >= ''"):
        assert not Where([condition(text)]).accepts({}, (None, "till-1"))


def test_all_conditions_of_a_list_must_hold() -> None:
    rule = Rule(name="a", on="x", to="a@b.c", where=("cents >= 2", "cents < 5"))
    accepted = [cents for cents in range(8) if Where(rule.conditions).accepts({"cents": cents}, (None, "d"))]
    assert accepted == [2, 3, 4]
