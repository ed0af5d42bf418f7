"""`boardwalk demo`: a shop on this machine."""

import math
import sys

import click

from server.errors import BoardwalkError
from tools import interrupt
from tools.output import JSON


@click.command()
@click.option("--boards", default=6, type=click.IntRange(1, 200), show_default=True, help="Virtual boards.")
@click.option("--orders", default="all", show_default=True, help="How many orders to replay, or all.")
@click.option(
    "--rate", type=click.FloatRange(0.1), help="Orders per second; default 25, with --exit no limit."
)
@click.option("--exit", "leave", is_flag=True, help="Drain, check everything, print a summary and end.")
@JSON
def demo(boards: int, orders: str, rate: float | None, leave: bool, as_json: bool) -> None:
    """Open a shop here: virtual boards, edge, local cloud, real orders."""
    from tools.demo.run import DemoPlan, run_demo  # needs the extra `demo`

    if orders != "all" and not (orders.isascii() and orders.isdecimal() and len(orders) < 10):
        raise BoardwalkError(f"--orders is a number or all, not {orders!r}.")
    if rate is not None and not math.isfinite(rate):
        raise BoardwalkError(f"--rate is a number of orders a second from 0.1 on, not {rate}.")
    plan = DemoPlan(
        boards=boards,
        orders=None if orders == "all" else int(orders),
        rate=rate if rate is not None or leave else 25.0,
        leave=leave,
        as_json=as_json,
    )
    sys.exit(interrupt.run(run_demo(plan)))
