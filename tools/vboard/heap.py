"""The heap that each firmware module takes: `python -m tools.vboard.heap` prints the table of the docs.

Measured on a virtual board, whose objects are those of a 64-bit machine: dictionaries and tuples take
twice as much there as on a chip, code a third more.
"""

import ast
import asyncio
import tempfile
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from tools.release.slot import FIRMWARE, slot
from tools.vboard.client import Fleet, VirtualBoard

SLOT = "/slot_a/"
MEASURE = """
import gc, sys
sys.path.insert(0, "/slot_a")
for name in %r:
    gc.collect()
    before = gc.mem_alloc()
    __import__(name)
    gc.collect()
    print("cost", name, gc.mem_alloc() - before)
print("whole")
"""
TIMEOUT_S = 30


class Cost(NamedTuple):
    """The cost of a module.

    module: its name. heap: bytes that stay allocated after its import. flash: bytes of its .mpy, 0 for a
    built-in module.
    """

    module: str
    heap: int
    flash: int


def modules() -> list[str]:
    """Every module of the slot, each behind those that it imports, with asyncio first."""
    sizes = _sizes()
    needs = {name: _imports(name) & sizes.keys() - {name} for name in sorted(sizes)}
    return ["asyncio", *TopologicalSorter(needs).static_order()]


async def measure(fleet: Fleet) -> list[Cost]:
    """The cost of each module, on a board that does nothing else."""
    program = MEASURE % (modules(),)
    files = {"/boot.py": b"", "/main.py": program.encode()}
    board = await fleet.up("heap", {"host": "127.0.0.1"}, files=files)
    lines = (await _printed(board)).splitlines()
    sizes = _sizes()
    found = [line.split() for line in lines if line.startswith("cost ")]
    return [Cost(name, int(heap), sizes.get(name, 0)) for _, name, heap in found]


def table(costs: list[Cost]) -> str:
    """The costs as a table in Markdown, the largest first."""
    dearest = sorted(costs, key=lambda cost: -cost.heap)
    rows = [
        f"| `{one.module}` | {one.heap:,} | {f'{one.flash:,}' if one.flash else 'built in'} |"
        for one in dearest
    ]
    total = f"| all | {sum(cost.heap for cost in costs):,} | {sum(cost.flash for cost in costs):,} |"
    return "\n".join(["| module | heap, bytes | on flash, bytes |", "|---|---|---|", *rows, total])


def _sizes() -> dict[str, int]:
    files = {path: data for path, data in slot().items() if path.startswith(SLOT)}
    names = {path: path[len(SLOT) : -4].replace("/", ".").removesuffix(".__init__") for path in files}
    return {names[path]: len(data) for path, data in files.items()}


def _imports(name: str) -> set[str]:
    """The modules of the firmware that a module imports when it is imported, its packages included."""
    path = FIRMWARE.parent / (name.replace(".", "/") + ".py")
    source = path if path.exists() else FIRMWARE.parent / name.replace(".", "/") / "__init__.py"
    parts = name.split(".")
    found = {".".join(parts[:count]) for count in range(1, len(parts))}
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("firmware"):
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


async def _printed(board: VirtualBoard) -> str:
    async with asyncio.timeout(TIMEOUT_S):
        while "whole" not in (text := board.log()):
            await asyncio.sleep(0.02)
    return text


async def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Fleet.start(Path(folder)) as fleet:
            print(table(await measure(fleet)))


if __name__ == "__main__":
    asyncio.run(_main())
