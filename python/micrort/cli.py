"""The command line: `micrort VERB …`.

A verb's module is imported only when that verb runs, so that `micrort --help` answers at once: nothing heavier
than click may be imported here.

Standard output carries results, standard error progress and messages. Exit codes: 0 success, 1 refused or failed
(MicrortError), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from micrort import __version__
from micrort.errors import MicrortError

VERBS = {
    "compile": "Compile a model to a Model Library Format archive.",
    "check": "List every node of a model that cannot be compiled, with a suggestion.",
    "run": "Run a model or an archive on the host or on an emulated board.",
    "compare": "Compare outputs with the reference interpreter; name the first diverging tensor.",
    "report": "Draw a page: memory over time, rows by rows, and what a model costs.",
    "plan": "Plan the memory of buffers given by their lifetimes.",
    "micro": "Make a project of a model for a board; build, flash and run it.",
    "ops": "List the supported operators and their limits.",
    "targets": "List the processors that can be compiled for.",
    "boards": "List the boards and emulated machines.",
    "doctor": "Tell what is installed, and how to get what is missing.",
}
"""Verb -> its line in `micrort --help`; module micrort.commands.<verb> holds it as `command`."""

INTERRUPTED = 130


class Verbs(click.Group):
    """A click group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The verbs in the order of VERBS."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of verb `cmd_name`, or None if there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(f"micrort.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the verbs without importing their modules."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="micrort")
def micrort() -> None:
    """Compile trained models into C libraries for Arm Cortex-M, bit-exact with TensorFlow Lite Micro."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's) and return its exit code. Messages go to standard error."""
    try:
        result = micrort.main(args=arguments, prog_name="micrort", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except MicrortError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    # click returns the code of ctx.exit() in this mode, and otherwise what the command returned
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the `micrort` console command."""
    sys.exit(run())


if __name__ == "__main__":
    main()
