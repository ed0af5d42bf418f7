"""What a transaction's function is handed: a connection of SQLite. Only the store speaks SQL on it."""

from sqlite3 import Connection as Connection
from typing import Any

Row = tuple[Any, ...]  # of SQLite, which does not know the types of columns
