"""The company's table: chunks of events, sheets of scores, and the rate at which they are written."""
