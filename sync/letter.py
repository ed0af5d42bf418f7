"""A mail's row rendered: subject, text and HTML, from our own templates, autoescaped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from server.errors import BadInput, SettingsError
from server.settings import Rule

LETTERS = Path(__file__).with_name("letters")
MAX_SUBJECT = 200


@dataclass(frozen=True)
class Letter:
    """What goes out. tag: what SES events name it by, `[A-Za-z0-9_-]` only."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    tag: str


class Letters:
    """The templates, found by name: `<name>.txt`, whose first line is the subject, and `<name>.html`."""

    def __init__(self, sender: str, site: str, folder: Path = LETTERS) -> None:
        self._sender = sender
        self._site = site
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )

    def names(self) -> list[str]:
        """The templates that there are."""
        listed = self._environment.list_templates(extensions=["txt"])
        return [name.removesuffix(".txt") for name in listed]

    def render(self, template: str, facts: Mapping[str, Any], address: tuple[str, str]) -> Letter:
        """A letter. address: recipient and tag. Raises BadInput when the template fails."""
        values = {"site": self._site, "matches": 1} | dict(facts) | {"at": _moment(facts["at"])}
        try:
            text = self._environment.get_template(f"{template}.txt").render(values)
            html = self._environment.get_template(f"{template}.html").render(values)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise BadInput("template", f"letter {template}: {error}") from error
        head, _, body = text.partition("\n")
        subject = " ".join(head.removeprefix("Subject:").split())[:MAX_SUBJECT]
        return Letter(self._sender, address[0], subject, body.strip() + "\n", html, address[1])


def check_letters(rules: Iterable[Rule], known: Iterable[str]) -> None:
    """Raise SettingsError for a rule whose letter is none of those known."""
    names = sorted(known)
    for rule in rules:
        if rule.template not in names:
            raise SettingsError(
                f"[[rule]] {rule.name}",
                f"template: there is no letter {rule.template}; there are: {', '.join(names)}",
            )


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
