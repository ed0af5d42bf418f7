"""Mail addresses: what is taken, how it is written to SES, and what is wrong with the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.settings import is_address, mail_address


@pytest.mark.parametrize(
    "told, text",
    [
        ("ann@shop.example", "ann@shop.example"), ("Ann.O'Neil+x@Shop.Example", "Ann.O'Neil+x@Shop.Example"),
        (" ann@shop.example\t", "ann@shop.example"), ("\u200bann@shop.example\ufeff", "ann@shop.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"), ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("boardwalk@localhost", "boardwalk@localhost"), ("ann@till.local", "ann@till.local"),
        ("ann@bücher.local", "ann@xn--bcher-kva.local"),
    ],
)  # fmt: skip
def test_an_address_is_written_as_ses_takes_it(told: str, text: str) -> None:
    """U12: a trailing blank and a domain with umlauts became "no address is known"."""
    assert mail_address(told) == (text, "")
    assert mail_address(text) == (text, "")


@pytest.mark.parametrize(
    "told, wrong",
    [
        ("dån@shop.example", "dån@shop.example is no mail address: Internationalized characters before the @-sign are not supported: 'å'."),
        ("a..b@shop.example", "a..b@shop.example is no mail address: An email address cannot have two periods in a row."),
        ("ann@shop..example", "ann@shop..example is no mail address: An email address cannot have two periods in a row."),
        ("ann@.local", "ann@.local is no mail address: An email address cannot have a period immediately after the @-sign."),
        ("a\u200bnn@shop.example", "a⟨U+200B⟩nn@shop.example is no mail address: Internationalized characters before the @-sign are not supported: ZERO WIDTH SPACE."),
        ("nobody", "nobody is no mail address: An email address must have an @-sign."),
        ("ann@", "ann@ is no mail address: There must be something after the @-sign."),
        (" ", "An empty text is no mail address: An email address must have an @-sign."),
        ("x" * 400, f"{'x' * 40}… is no mail address: It is too long."),
    ],
)  # fmt: skip
def test_the_reason_says_what_is_wrong_with_an_address(told: str, wrong: str) -> None:
    """U12: these were tried 20 times, or were "no address is known"."""
    assert mail_address(told) == ("", wrong)
    assert not is_address(told)


@given(st.text(st.one_of(st.sampled_from("ab@. \t\r\n,;<>\"'\u200b\u2028ü"), st.characters()), max_size=40))
def test_no_text_becomes_more_than_one_address(told: str) -> None:
    """U12: what goes to SES is ASCII, of one line, and has one @."""
    text, wrong = mail_address(told)
    assert bool(text) != bool(wrong)
    assert text.isascii() and text.count("@") == bool(text) and not set(text) & set(' \t\r\n,;<>"\0')
