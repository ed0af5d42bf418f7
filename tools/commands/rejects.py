"""`boardwalk rejects`: what was refused, and why."""

from pathlib import Path
from urllib.parse import urlencode

import click

from tools.edge_client import ask
from tools.output import JSON, show


@click.command()
@click.option("--source", help="Only of this device, or of a token as http-NAME.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most this many."
)
@JSON
@click.pass_obj
def rejects(config: Path | None, source: str | None, limit: int, as_json: bool) -> None:
    """List what was refused, each with its reason, the newest first."""
    query = urlencode({"limit": limit} | ({"source": source} if source else {}))
    told = ask(config, lambda edge: edge.call("GET", f"/api/v1/rejects?{query}"))
    show(told["rows"], ["received_at", "source", "reason", "text"], as_json)
