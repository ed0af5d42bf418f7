"""`make bench-peers`: our edge beside other products under the same burst."""

import json
import statistics
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console

from tools.bench.peers import measurement
from tools.bench.peers.install import NODE_RED, THINGSBOARD, Installer, NotInstalled
from tools.bench.peers.measurement import Burst, Kill, Make
from tools.bench.peers.nodered import NodeRed
from tools.bench.peers.ours import Ours
from tools.bench.peers.peer import Peer
from tools.bench.peers.thingsboard import ThingsBoard
from tools.bench.ratio import ROUNDS, Ratio, of

ROOT, REPORT = Path("var/peers"), Path("var/bench-peers.json")
OURS = "Boardwalk"
HEAD = (
    "| product | rows/s, drained | Boardwalk's rate | memory, MB | lost of 50,000, kill -9 | stored twice |",
    "|---|---|---|---|---|---|",
)


@dataclass(frozen=True)
class Found:
    """All figures of one product.

    product: its name. bursts: one per round. kills: one per kill -9. rate: ours against its, of the same
    rounds; None for ours itself.
    """

    product: str
    bursts: list[Burst]
    kills: list[Kill]
    rate: Ratio | None = None


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--kills", default=3, show_default=True, type=click.IntRange(0, 20), help="Rounds of kill -9.")
def main(kills: int) -> None:
    """Send 50,000 QoS 1 messages through one broker configuration into Node-RED, thingsboard-gateway and our
    edge, five rounds in turns; then kill each in the middle of such a burst.

    The others are installed into var/peers, which needs the network and a minute or two; everything else is
    on loopback. It takes about ten minutes, and keeps the figures in var/bench-peers.json.
    """
    progress = Console(stderr=True)
    makes, missing = _products(progress)
    bursts: dict[str, list[Burst]] = {name: [] for name in makes}
    deaths: dict[str, list[Kill]] = {name: [] for name in makes}
    for number in range(ROUNDS):
        for name, make in makes.items():
            burst = measurement.burst(make)
            bursts[name].append(burst)
            progress.print(f"burst {number + 1}, {name}: {burst.rate:,.0f} rows/s")
    for number in range(kills):
        for name, make in makes.items():
            kill = measurement.kill(make)
            deaths[name].append(kill)
            progress.print(f"kill -9 {number + 1}, {name}: {kill.lost:,} lost")
    found = [Found(name, bursts[name], deaths[name], _against(name, bursts)) for name in makes]
    console = Console()
    for line in [*HEAD, *(_row(one) for one in found), *missing]:
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    report = {"products": [asdict(one) for one in found], "missing": missing}
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _products(progress: Console) -> tuple[dict[str, Make], list[str]]:
    """How each installed product is made, ours first; and sentences about those that are not installed."""
    installer, makes, missing = Installer(ROOT, progress), dict[str, Make](), list[str]()
    makes[OURS] = Ours
    others: Iterator[tuple[str, Callable[[], Path], Callable[..., Peer]]] = iter(
        [
            (" + ".join(NODE_RED), installer.node_red, NodeRed),
            (THINGSBOARD, installer.thingsboard, ThingsBoard),
        ]
    )
    for name, install, kind in others:
        try:
            program = install()
        except NotInstalled as error:
            progress.print(str(error), style="bold red")
            missing.append(str(error))
            continue
        makes[name] = _maker(kind, program)
    return makes, missing


def _maker(kind: Callable[..., Peer], program: Path) -> Make:
    return lambda folder, broker: kind(program, folder, broker)


def _against(name: str, bursts: dict[str, list[Burst]]) -> Ratio | None:
    if name == OURS:
        return None
    pairs = [(ours.rate, other.rate) for ours, other in zip(bursts[OURS], bursts[name], strict=True)]
    return of((OURS, name), pairs, "/s")


def _row(found: Found) -> str:
    rate, idle, peak = (statistics.median(getattr(one, key) for one in found.bursts)
                        for key in ("rate", "idle", "peak"))  # fmt: skip
    beside = found.rate
    ratio = f"{beside.ratio:.1f} times ({beside.low:.1f}-{beside.high:.1f})" if beside else ""
    lost = ", ".join(f"{one.lost:,}" for one in found.kills)
    twice = ", ".join(f"{one.twice:,}" for one in found.kills)
    return f"| {found.product} | {rate:,.0f} | {ratio} | {idle:.0f} -> {peak:.0f} | {lost} | {twice} |"


if __name__ == "__main__":
    main()
