"""`--config FILE`: every command takes it in front of its name and behind it; the last one counts."""

from pathlib import Path

import click


def add_config(command: click.Command, without: frozenset[str]) -> None:
    """Give a command and all below it the option; the file becomes the object of their contexts.

    without: the names of commands that have no settings.
    """
    if command.name in without:
        return
    command.params.append(
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path),
            expose_value=False,
            callback=_remember,
            help="Settings file; default ./boardwalk.toml.",
        )
    )
    if isinstance(command, click.Group):
        for below in command.commands.values():
            add_config(below, without)


def _remember(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Contexts below take the object over, and an option there replaces it."""
    if path is not None:
        context.obj = path
