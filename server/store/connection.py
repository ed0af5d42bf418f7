"""The connection of SQLite that a transaction's function gets. Only the store speaks SQL on it."""

from sqlite3 import Connection as Connection
from typing import Any

Row = tuple[Any, ...]  # a row of SQLite, which does not know the types of columns
