"""The cost of a write to DynamoDB, in write units."""

KB = 1024


def units(bytes_: int) -> int:
    """The cost of writing an item of `bytes_` bytes: 1 unit per KB, rounded up (AWS documentation)."""
    return max(1, -(-bytes_ // KB))
