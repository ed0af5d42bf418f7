"""The recorded messages, byte for byte, on both interpreters."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vectors import replay

ROOT = Path(__file__).parents[2]
RECORDED = Path(__file__).parent / "messages.json"
MESSAGES = json.loads(RECORDED.read_text())


def test_cpython_makes_every_recorded_message_byte_for_byte() -> None:
    made = {message["name"]: replay.made(message) for message in MESSAGES}
    assert made == {message["name"]: message["made"] for message in MESSAGES}


@pytest.mark.skipif(importlib.util.find_spec("micropython_run") is None, reason="no MicroPython here")
def test_micropython_makes_every_recorded_message_byte_for_byte() -> None:
    program = (
        f"import sys; sys.path[:] = ['.frozen', {str(ROOT)!r}]\n"
        f"from tests.vectors import replay; replay.main({str(RECORDED)!r})"
    )
    runner = "import sys, micropython_run as m; m.run_main(['micropython', '-c', sys.argv[1]])"
    done = subprocess.run(
        [sys.executable, "-c", runner, program], capture_output=True, text=True, check=False
    )
    made = dict(line.split("\t") for line in done.stdout.splitlines())
    assert made == {message["name"]: message["made"] for message in MESSAGES}, done.stderr
