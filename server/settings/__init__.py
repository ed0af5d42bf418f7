"""The settings of an edge: `boardwalk.toml`, overridden by BOARDWALK_<SECTION>_<KEY> variables."""

from server.settings.condition import Condition, condition
from server.settings.phrases import Hours, Top
from server.settings.rule_checks import is_address
from server.settings.sections import (
    LISTS,
    SECTIONS,
    CloudSection,
    EdgeSection,
    HttpSection,
    MailSection,
    MqttSection,
    RankingSpec,
    Rule,
    Settings,
    address,
)
from server.settings.source import load, overrides

__all__ = [
    "LISTS", "SECTIONS", "CloudSection", "Condition", "EdgeSection", "Hours", "HttpSection", "MailSection",
    "MqttSection", "RankingSpec", "Rule", "Settings", "Top", "address", "condition",
    "is_address", "load", "overrides",
]  # fmt: skip
