"""Where mails of a rule go: who is meant by `staff` and `customer`, and what is wrong where nobody is."""

from server.rules.rule import UNKNOWN, Addresses
from server.settings import mail_address

PATTERN = Addresses(("ann@bücher.example", "bo@shop.example"), "c-{customer}@shop.example")


def test_a_known_address_goes_before_a_made_one_and_a_made_one_before_a_wrong_one() -> None:
    """U12: the reason is that of the address that an event told, where there is no other."""
    assert PATTERN.of("customer", "1", "eve@home.example") == [("eve@home.example", "")]
    assert PATTERN.of("customer", "1", None, "eve") == [("c-1@shop.example", "")]
    assert PATTERN.of("customer", "a b", None, "eve") == [mail_address("eve")]
    assert PATTERN.of("customer", "a b", None) == [mail_address("c-a b@shop.example")]
    assert PATTERN.of("customer", None, None) == [UNKNOWN]


def test_an_address_that_an_older_store_kept_is_judged_too() -> None:
    """U12: stores have addresses that were taken before they were judged like this."""
    assert PATTERN.of("customer", "1", "ann@shop..example") == [mail_address("ann@shop..example")]


def test_addresses_of_the_settings_are_written_as_ses_takes_them() -> None:
    """U12: staff may have domains of any letters."""
    assert [one.text for one in PATTERN.of("staff", None, None)] == [
        "ann@xn--bcher-kva.example",
        "bo@shop.example",
    ]
    assert PATTERN.of("eve@bücher.example", None, None) == [("eve@xn--bcher-kva.example", "")]
