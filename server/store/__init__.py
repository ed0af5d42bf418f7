"""What is durable: SQLite, one writer, one file a noun."""
