"""`boardwalk run`: the edge server until Ctrl-C."""

import asyncio
from pathlib import Path

import click

from server.serving import announce, find, log_to_stderr, serve


@click.command()
@click.option(
    "--log-level", default="INFO", type=click.Choice(["DEBUG", "INFO", "WARNING"]), show_default=True
)
@click.pass_obj
def run(config: Path | None, log_level: str) -> None:
    """Run the edge server until Ctrl-C."""
    log_to_stderr(log_level)
    asyncio.run(serve(find(config), announce))
