"""Addresses of pages, for any name and any parameters."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode


def customer_path(name: str) -> str:
    """The address of a customer's page, for any name; browsers take a part of only dots for a way up."""
    if name in (".", ".."):
        return f"/customers?name={name}"
    return f"/customers/{quote(name, safe='')}"


def query(values: Mapping[str, object]) -> str:
    """The part of an address behind `?`; empty values are left out."""
    return urlencode(
        {name: value for name, value in values.items() if value not in ("", None)}, quote_via=quote
    )
