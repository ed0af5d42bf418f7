"""The settings of an edge: `boardwalk.toml`, overridden by BOARDWALK_<SECTION>_<KEY> variables."""

from server.settings.condition import Condition, condition
from server.settings.mail_address import MailAddress, is_address, mail_address
from server.settings.phrases import Hours, Top
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
    "LISTS", "SECTIONS", "CloudSection", "Condition", "EdgeSection", "Hours", "HttpSection",
    "MailAddress", "MailSection",
    "MqttSection", "RankingSpec", "Rule", "Settings", "Top", "address", "condition",
    "is_address", "load", "mail_address", "overrides",
]  # fmt: skip
