"""Write units of DynamoDB: what a write costs."""

KB = 1024


def units(bytes_: int) -> int:
    """What writing an item of so many bytes costs: 1 unit a KB, rounded up (AWS documentation)."""
    return max(1, -(-bytes_ // KB))
