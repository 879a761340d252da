"""The command line: each command gathers its options, calls one function and tells its result.

Exit codes: 0 fine, 1 a check failed, 2 input, configuration or usage error, 3 inconclusive,
70 internal error, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence
from copy import copy
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.main import get_command

import wscost
from wscost.cli import (
    about,
    check,
    conversions,
    diff,
    estimates,
    explorations,
    fits,
    options,
    output,
    pictures,
    plans,
    prices,
)
from wscost.errors import InputError, WscostError

FAULTY_INPUT, INTERNAL_ERROR, INTERRUPTED = 2, 70, 130
_USAGE_ERROR = typer.BadParameter.__mro__[2]
"""What typer's own complaints have in common; older versions take it from click, newer bring their own."""
_IN_PLAIN_WORDS = tuple(
    (re.compile(theirs), ours)
    for theirs, ours in (
        ("Input should be a valid integer.*", "it must be a whole number."),
        ("Input should be a valid number.*", "it must be a number."),
        ("Input should be greater than or equal to", "it must be at least"),
        ("Input should be less than or equal to", "it must be at most"),
        ("Value error, ", ""),
    )
)
"""What typer says of a value in words of its own making, and in those of a person."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a write by typer itself, of its help, may meet; every other write says so where it is made."""

app = typer.Typer(
    name="wscost",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("estimate", help=estimates.ESTIMATE, cls=options.ReadingCommand)(estimates.estimate)
app.command("compare", help=estimates.COMPARE, cls=options.ReadingCommand)(estimates.estimate)
app.command("explain", cls=options.ReadingCommand)(estimates.explain)
app.command("sweep", cls=options.ReadingCommand)(explorations.sweep)
app.command("break-even", cls=options.ReadingCommand)(explorations.break_even)
app.command("sensitivity", cls=options.ReadingCommand)(explorations.sensitivity)
app.command("advise", cls=options.ReadingCommand)(explorations.advise)
app.command("history", cls=options.ReadingCommand)(explorations.history)
app.command("plot", help=pictures.PLOT, cls=options.ReadingCommand)(pictures.plot)
app.command("report", help=pictures.REPORT, cls=options.ReadingCommand)(pictures.report)
app.command("check", help=check.HELP)(check.check)
app.command("diff", help=diff.HELP)(diff.diff)
app.command("init")(plans.init)
app.command("simulate")(plans.simulate)
app.command("fit", cls=options.ReadingCommand)(fits.fit)
app.command("convert", cls=options.ReadingCommand)(conversions.convert)
app.add_typer(conversions.queries, name="query")
app.add_typer(prices.app, name="prices")
app.command("info")(about.info)


@app.callback(invoke_without_command=True, help=wscost.__doc__)
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        output.tell(f"wscost {wscost.__version__}")
    elif context.invoked_subcommand is None:
        output.tell(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; whatever goes wrong is told in plain words."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors=output.PLAINLY)
    try:
        return _run(sys.argv[1:] if arguments is None else list(arguments))
    except WscostError as error:
        output.complain(str(error))
        return FAULTY_INPUT
    except BrokenPipeError:
        output.hush()
        return 0
    except (KeyboardInterrupt, typer.Abort):
        output.complain("interrupted")
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, _USAGE_ERROR):
            output.complain(_usage(error))
            return FAULTY_INPUT
        if os.environ.get("WSCOST_DEBUG") == "1":
            traceback.print_exc()
        output.complain(
            f"internal error ({type(error).__name__}): please report it; WSCOST_DEBUG=1 shows where it is."
        )
        return INTERNAL_ERROR


def _usage(error: Any) -> str:
    """Word in one line what typer refuses, with what it takes to be meant and where to read more."""
    close = sorted(getattr(error, "possibilities", None) or ())
    words = error.message if close else error.format_message()
    for theirs, ours in _IN_PLAIN_WORDS:
        words = theirs.sub(ours, words)
    words += "" if words.endswith((".", "?")) else "."
    if close and not words.endswith("?"):
        words += f" Did you mean {' or '.join(close)}?"
    return f"{words} See {error.ctx.command_path} --help." if error.ctx else words


def _run(arguments: list[str]) -> int:
    _refuse_empty(arguments)
    try:
        with get_command(_asked_for(arguments)).make_context("wscost", arguments) as context:
            context.command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise output.unwritten(error) from None
    return 0


def _refuse_empty(arguments: list[str]) -> None:
    """Refuse words of no letters: none means anything, and each comes of a slip."""
    for before, argument in zip(["", *arguments], arguments, strict=False):
        flag = argument if argument.startswith("--") and argument.endswith("=") else before
        if not argument or flag is argument:
            named = f"{flag.removesuffix('=')}: what follows" if flag.startswith("-") else "An argument"
            raise InputError(f"{named} is empty, perhaps a shell variable that is not set.")


def _asked_for(arguments: list[str]) -> typer.Typer:
    """Return the app with one command alone, if that is named first: to build all of them takes a while."""
    named = [command for command in app.registered_commands if command.name in arguments[:1]]
    if not named:
        return app
    alone = copy(app)
    alone.registered_commands, alone.registered_groups = named, []
    return alone
