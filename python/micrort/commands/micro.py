"""`micrort micro`: projects for boards, made, built, flashed and run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from micrort.devices.boards import Board
from micrort.errors import ToolError, UsageError
from micrort.project import actions, create, platforms
from micrort.project.platforms.base import Option

CLICK_TYPES: dict[str, Any] = {"str": str, "int": int}
folder_argument = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


@click.group("micro")
def command() -> None:
    """Make a project of a compiled model for a board, build it, flash it, run it."""


def _type_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of every project type; their help says which types heed them."""
    owners: dict[str, tuple[Option, list[str]]] = {}
    for name in platforms.NAMES:
        for option in platforms.platform(name).options:
            owners.setdefault(option.name, (option, []))[1].append(name)
    for option, names in reversed(owners.values()):
        flag = "--" + option.name.replace("_", "-")
        told = f"{option.help} [{', '.join(names)}; default: {json.dumps(option.default)}]"
        kind: dict[str, Any] = {"is_flag": True} if option.type == "bool" else {"type": CLICK_TYPES[option.type]}
        if option.choices is not None:
            kind["type"] = click.Choice(option.choices)
        function = click.option(flag, option.name, default=None, help=told, **kind)(function)
    return function


@command.command("create-project")
@click.argument("model", metavar="MODEL.tar", type=click.Path(path_type=Path))
@folder_argument
@click.option("--type", "kind", required=True, metavar="TYPE", help=f"One of {', '.join(platforms.NAMES)}.")
@click.option("--board", metavar="B", help="Board to make the project for, see `micrort boards`.")
@click.option("--device", metavar="PART", help="Part to make the project for, as CMSIS packs name it; no --board then.")
@click.option(
    "--pack",
    type=click.Path(path_type=Path),
    envvar="MICRORT_PACKS",
    help="Where --device is described: a .pack, .pdsc, index.json, or a folder. Default: the installed packs.",
)
@click.option("--module", help="The model to take, of an archive of TVM that holds several.")
@click.option("--target", metavar="T", help="Core to build for, see `micrort targets`; where there is no board.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_type_options
def create_project(
    model: Path,
    folder: Path,
    kind: str,
    board: str | None,
    device: str | None,
    pack: Path | None,
    module: str | None,
    target: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Make a project in DIR, or bring a new model into the project there: files that you changed stay.

    MODEL.tar is what `micrort compile` wrote, or an archive of TVM.
    """
    from micrort import packages

    given = {name: value for name, value in options.items() if value is not None}
    package = packages.of_archive(model, module)
    made = create.create(kind, package, folder, board=_board(board, device, pack), target=target, options=given)
    if as_json:
        click.echo(json.dumps({"folder": str(made.folder), "written": made.written, "kept": made.kept}, indent=2))
        return
    click.echo(f"{folder}: {kind} project, {len(made.written)} files written")
    for name in made.kept:
        click.echo(f"  kept: {name}, which you changed")
    click.echo(f"next: micrort micro build {folder}")


def _board(board: str | None, device: str | None, pack: Path | None) -> str | Board | None:
    if device is None:
        return board
    from micrort.devices import packs

    if board is not None:
        raise UsageError("--board names its part itself: leave --device out, or --board")
    return packs.device(device, pack).board


@command.command("build")
@folder_argument
@click.option("--verbose", is_flag=True, help="Print what the build prints.")
def build(folder: Path, verbose: bool) -> None:
    """Build the project in DIR."""
    _tried(lambda: actions.build(folder, verbose))


@command.command("flash")
@folder_argument
def flash(folder: Path) -> None:
    """Write the image of the project in DIR to its board, verify it and reset the board."""
    with _progress() as progress:
        _tried(lambda: actions.flash(folder, progress))
    click.echo(f"{folder}: programmed, verified, reset")


@contextmanager
def _progress() -> Iterator[actions.Progress]:
    """Bars on a terminal; else a line on standard error for each step that begins."""
    from rich.console import Console
    from rich.progress import Progress

    steps: dict[str, Any] = {}
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bars:

        def show(what: str, done: float) -> None:
            if what not in steps:
                steps[what] = bars.add_task(what, total=1.0)
                if bars.disable:
                    click.echo(what, err=True)
            bars.update(steps[what], completed=done)

        yield show


@command.command("run")
@folder_argument
def run(folder: Path) -> int:
    """Run the project in DIR on its emulated board; exits as the firmware does."""
    code: int = _tried(lambda: actions.run(folder))
    return code


def _tried(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except actions.ProjectError as error:
        raise ToolError(str(error)) from None
