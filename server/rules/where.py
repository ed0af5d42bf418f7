"""Whether a rule accepts an event: the conditions of its `where`, all of which must hold."""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from server.settings import Condition

Who = tuple[str | None, str]  # an event's customer, if any, and its device

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_SORTS = {bool: "truth", int: "number", float: "number", str: "text"}  # True is an int, but no number


class Where:
    """Conditions, made ready once. A value of another sort, or a missing one, fulfils no condition."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self._terms = [(one.field, _COMPARE[one.operator], one.value) for one in conditions]

    def accepts(self, fields: Mapping[str, object], who: Who) -> bool:
        """Whether all conditions hold of an event. fields: without the customer."""
        for field, compare, wanted in self._terms:
            value = _named(field, fields, who)
            if _SORTS.get(type(value)) != _SORTS[type(wanted)] or not compare(value, wanted):
                return False
        return True


def _named(field: str, fields: Mapping[str, object], who: Who) -> object:
    if field == "customer":
        return who[0]
    return who[1] if field == "device" else fields.get(field)
