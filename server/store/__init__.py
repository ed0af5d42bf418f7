"""The durable state: SQLite, one writer, one file per noun."""
