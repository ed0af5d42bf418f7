"""`boardwalk run`: the edge server until Ctrl-C."""

from pathlib import Path

import click

from server.serving import announce, find, log_to_stderr, serve
from tools import interrupt


@click.command()
@click.option(
    "--log-level", default="INFO", type=click.Choice(["DEBUG", "INFO", "WARNING"]), show_default=True
)
@click.pass_obj
def run(config: Path | None, log_level: str) -> None:
    """Run the edge server until Ctrl-C."""
    log_to_stderr(log_level)
    interrupt.run(serve(find(config), announce))
