"""What a transaction's function is handed: a connection of SQLite. Only the store speaks SQL on it."""

from sqlite3 import Connection as Connection
