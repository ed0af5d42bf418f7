"""How long a test waits for what will come: a guard against hanging, and never what a test asserts.

PATIENCE_S=600 gives a machine that is slower still more time; pytest's own limit is `timeout` in pyproject.toml.
"""

import asyncio
import os

PATIENCE_S = float(os.environ.get("PATIENCE_S", "300"))


def patience() -> asyncio.Timeout:
    """`async with patience():` around a wait. Raises TimeoutError when it hangs."""
    return asyncio.timeout(PATIENCE_S)
