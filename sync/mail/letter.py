"""Letters: mails rendered as subject, text and HTML from our own templates, autoescaped."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.meta import find_undeclared_variables

from server.errors import BadInput, SettingsError
from server.rules.rule import FACTS, Facts
from server.settings import Settings
from server.words import local

LETTERS = Path(__file__).with_name("letters")
MAX_SUBJECT = 200
UTC = ZoneInfo("UTC")


class Envelope(NamedTuple):
    """The recipient of a letter, and its mail.

    recipient: an address. mail: its id in the outbox, 0 for a letter that is not sent. generation: of the
    store that has the mail, "" for such a letter.
    """

    recipient: str
    mail: int = 0
    generation: str = ""


@dataclass(frozen=True)
class Letter:
    """A rendered mail.

    sender: the From address. envelope: the recipient and the mail. subject: one line. text, html: the same
    letter in two forms.
    """

    sender: str
    envelope: Envelope
    subject: str
    text: str
    html: str

    @property
    def recipient(self) -> str:
        """The address that it goes to."""
        return self.envelope.recipient

    @property
    def tag(self) -> str:
        """The name of the letter in events of SES: letters, digits, `_` and `-` only."""
        return f"{self.envelope.generation}-{self.envelope.mail}"


class Letters:
    """The templates, found by name: `<name>.txt`, whose first line is the subject, and `<name>.html`.

    zone: in which letters tell times.
    """

    def __init__(self, sender: str, site: str, zone: ZoneInfo = UTC, folder: Path = LETTERS) -> None:
        self._sender = sender
        self._site = site
        self._zone = zone
        self._folder = folder
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            finalize=_written,
            keep_trailing_newline=True,
        )
        self._environment.filters["moment"] = self._moment

    def names(self) -> list[str]:
        """The names of all templates."""
        listed = self._environment.list_templates(extensions=["txt"])
        return [name.removesuffix(".txt") for name in listed]

    def needs(self, template: str) -> set[str]:
        """The facts that a letter shows. Raises BadInput when the template cannot be read."""
        try:
            sources = [(self._folder / f"{template}.{end}").read_text() for end in ("txt", "html")]
            return set().union(*(find_undeclared_variables(self._environment.parse(one)) for one in sources))
        except (OSError, TemplateError) as error:
            raise BadInput("template", f"letter {template}: {error}") from error

    def render(self, template: str, facts: Facts, envelope: Envelope) -> Letter:
        """A letter. Raises BadInput when the template fails."""
        values = {"site": self._site, "matches": 1} | dict(facts) | {"at": self._moment(facts["at"])}
        try:
            text = self._environment.get_template(f"{template}.txt").render(values)
            html = self._environment.get_template(f"{template}.html").render(values)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise BadInput("template", f"letter {template}: {error}") from error
        head, _, body = text.partition("\n")
        subject = " ".join(head.removeprefix("Subject:").split())[:MAX_SUBJECT]
        return Letter(self._sender, envelope, subject, body.strip() + "\n", html)

    def _moment(self, at: int) -> str:
        return local(at, self._zone).strftime("%Y-%m-%d %H:%M %Z")


def check_letters(settings: Settings, letters: Letters) -> None:
    """Raise SettingsError for a rule whose letter is not known, or shows facts that the rule lacks."""
    names = letters.names()
    for number, rule in enumerate(settings.rule):
        place = settings.places[number] if settings.places else f"[[rule]] {rule.name}"
        if rule.letter not in names:
            sentence = f"there is no letter {rule.letter}; there are: {', '.join(names)}"
            raise SettingsError(place, f"template: {sentence}")
        cause = "on" if rule.on else "entered" if rule.entered else "silent"
        told = FACTS[cause] | {"site", "matches"}
        unknown = sorted(letters.needs(rule.letter) - told)
        if unknown:
            fitting = ", ".join(name for name in names if letters.needs(name) <= told)
            sentence = (
                f"letter {rule.letter} shows {', '.join(unknown)}, which a rule with {cause} does not know; "
                f"those that fit: {fitting}"
            )
            raise SettingsError(place, f"template: {sentence}")


def _written(value: object) -> object:
    """A value as events and rules write it, as `true`; "" for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value
