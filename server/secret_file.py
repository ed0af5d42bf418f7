"""Files that only their owner may read, replaced whole."""

import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Replace a file of secrets in one step, mode 0600."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
