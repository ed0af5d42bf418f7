"""Mail addresses: whether a text is one, how SES takes it, and what is wrong with one that cannot be."""

import re
from functools import lru_cache
from typing import NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from server.words import visible

_UNSEEN = r"[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]+"  # what a copied address brings along at its ends
_AROUND = re.compile(rf"^{_UNSEEN}|{_UNSEEN}$")
_WORLD = ".example"  # a domain behind which the names of a house, as localhost, are judged like others
MOST = 320  # characters that are looked at


class MailAddress(NamedTuple):
    """A text as a mail address. text: as SES takes it, all ASCII, or "". wrong: why it is none, or ""."""

    text: str
    wrong: str


@lru_cache(10_000)
def mail_address(told: str) -> MailAddress:
    """Judge a text. Blanks and invisible characters around an address do not count; a domain may have any
    letters, the part before the @ has ASCII only, because SES refuses others. Nothing is looked up."""
    text = _AROUND.sub("", told)
    if len(text) > MOST:
        return MailAddress("", f"{visible(text[:40])}… is no mail address: It is too long.")
    domain = text.rpartition("@")[2].lower()
    is_of_a_house = domain and ("." not in domain or domain.rpartition(".")[2] in SPECIAL_USE_DOMAIN_NAMES)
    world = _WORLD if is_of_a_house else ""
    try:
        found = validate_email(text + world, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        return MailAddress("", f"{visible(text) or 'An empty text'} is no mail address: {error}")
    return MailAddress(text if text.isascii() else (found.ascii_email or "").removesuffix(world), "")


def is_address(text: str) -> bool:
    """Whether `text` is one mail address, with nothing around it (no header can be smuggled in)."""
    return not mail_address(text).wrong and not _AROUND.search(text)
