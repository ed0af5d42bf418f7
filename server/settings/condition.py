"""One condition of a rule's `where`, from its text: `cents >= 10000`. Pure."""

import json
import re
from typing import NamedTuple

from firmware.wire.event import MAX_INT, is_field, is_text

OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
NAMES = ("customer", "device")  # what a condition may compare beside an event's fields
ALLOWED = (
    "a field's name, one of = != < <= > >=, and a whole number, a decimal, true, false or a text in quotes, "
    "as cents >= 10000"
)
Value = bool | int | float | str

_SHAPE = re.compile(r"\s*([^\s=!<>\"']+)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,15})\.[0-9]{1,17}")
_TEXT = re.compile(r"\"([^\"]*)\"|'([^']*)'")


class Condition(NamedTuple):
    """A comparison of a field (or `customer`, `device`) with a value.

    field: its name. operator: one of OPERATORS. value: what the field is compared with.
    """

    field: str
    operator: str
    value: Value

    def __str__(self) -> str:
        """The condition as text, the same for all ways to write it."""
        return f"{self.field} {self.operator} {json.dumps(self.value, ensure_ascii=False)}"


def condition(text: str) -> Condition:
    """The condition that `text` writes. Raises ValueError, which quotes it and says what is allowed."""
    parts = _SHAPE.fullmatch(text)
    value = _value(parts[3]) if parts and is_field(parts[1]) else None
    if parts is None or value is None:
        raise ValueError(f"{text!r}; allowed: {ALLOWED}")
    field, operator = parts[1], parts[2]
    if isinstance(value, bool) and operator not in ("=", "!="):
        raise ValueError(f"{text!r}; true and false are compared by = or != only")
    if field in NAMES and not isinstance(value, str):
        raise ValueError(f"{text!r}; {field} is a text, put it in quotes, as {field} = '{parts[3]}'")
    return Condition(field, operator, value)


def _value(text: str) -> Value | None:
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE.fullmatch(text):
        whole = int(text)
        return whole if -MAX_INT < whole < MAX_INT else None
    if _DECIMAL.fullmatch(text):
        return float(text)
    quoted = _TEXT.fullmatch(text)
    inner = (quoted[1] or quoted[2] or "") if quoted else None
    return inner if inner is not None and is_text(inner) else None
