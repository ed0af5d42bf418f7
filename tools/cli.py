"""The command `boardwalk`: its groups, and how its errors end."""

from typing import Any

import click

from server import __version__
from tools.commands.cloud import cloud
from tools.commands.demo import demo
from tools.commands.device import device
from tools.commands.events import events
from tools.commands.flash import flash
from tools.commands.mail import mail
from tools.commands.monitor import monitor
from tools.commands.rejects import rejects
from tools.commands.rules import rules
from tools.commands.run import run
from tools.commands.token import token
from tools.commands.user import user
from tools.commands.vboard import vboard
from tools.config_option import add_config
from tools.interrupt import interruptible
from tools.sentence import one_sentence

WITHOUT_SETTINGS = frozenset(("demo",))
FIRST = ("run", "demo", "vboard", "flash", "monitor", "device", "events")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """Errors that a person can mend are one sentence and exit code 1."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Read the options in front of a command."""
        with one_sentence():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with one_sentence(), interruptible():
            return super().invoke(ctx)

    def list_commands(self, _: click.Context) -> list[str]:
        """The names of the commands, those that are needed first at the top."""
        return [*FIRST, *sorted(set(self.commands) - set(FIRST))]


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="boardwalk")
def cli() -> None:
    """The edge backend for MicroPython boards.

    Tab completion: eval "$(_BOARDWALK_COMPLETE=bash_source boardwalk)" (or zsh_source, fish_source).
    """


for command in (run, demo, vboard, flash, monitor, device, events, rejects, rules, mail, token, user, cloud):
    cli.add_command(command)
add_config(cli, WITHOUT_SETTINGS)


def main() -> None:
    """Run the command that was typed."""
    cli(prog_name="boardwalk")


if __name__ == "__main__":
    main()
