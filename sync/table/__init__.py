"""The company's table: chunks of events, sheets of scores, and their pace."""
