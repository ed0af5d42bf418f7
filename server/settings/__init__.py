"""What an edge is told: `boardwalk.toml`, overridden by BOARDWALK_<SECTION>_<KEY> variables."""

from server.settings.condition import Condition, condition
from server.settings.phrases import Hours, Top
from server.settings.sections import (
    LISTS,
    SECTIONS,
    Cloud,
    Edge,
    Http,
    Mail,
    Mqtt,
    Ranking,
    Retention,
    Rule,
    Settings,
    address,
)
from server.settings.sense_of_rules import is_address
from server.settings.source import load, overrides

__all__ = [
    "LISTS", "SECTIONS", "Cloud", "Condition", "Edge", "Hours", "Http", "Mail", "Mqtt", "Ranking",
    "Retention", "Rule", "Settings", "Top", "address", "condition", "is_address", "load", "overrides",
]  # fmt: skip
