"""The error of a command for a person: one sentence on one line, whatever is in it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from server.errors import BoardwalkError
from tools.interrupt import STOPPED


class Stopped(BoardwalkError):
    """Ctrl-C ended a command at a moment at which a person must know how to go on."""


@contextmanager
def one_sentence() -> Iterator[None]:
    """Errors that a person can mend end the program with a sentence and exit code 1, Ctrl-C with STOPPED."""
    code = 1
    try:
        yield
    except BrokenPipeError:
        raise  # the reader has gone, as after `| head`: click ends quietly
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort):
        sentence, code = "Stopped.", STOPPED
    except Stopped as error:
        sentence, code = error.sentence, STOPPED
    except (BoardwalkError, click.UsageError, UnicodeEncodeError, OSError) as error:
        sentence = _sentence(error)
    else:
        return
    _forget_output()
    click.echo(f"boardwalk: {printable(sentence)}", err=True)
    sys.exit(code)


def printable(text: str) -> str:
    """The text with control characters written out, so that no name moves the cursor or adds a line."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _sentence(error: Exception) -> str:
    if isinstance(error, BoardwalkError):
        return error.sentence
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "boardwalk"
        return f"{error.format_message().rstrip('.')}. See {path} --help."
    if isinstance(error, UnicodeEncodeError):
        wrong = ascii(error.object[error.start : error.end])
        return f"{wrong} cannot be written as {error.encoding}; use UTF-8 for names and for this terminal."
    assert isinstance(error, OSError)
    where = error.filename if isinstance(error.filename, str) else "a file, a socket or the output"
    why = error.strerror or error
    return f"This computer refuses to read or write {where} ({why}); mend that and try again."


def _forget_output() -> None:
    """Drop what could not be written, or it would be tried again, and fail, at the end."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
