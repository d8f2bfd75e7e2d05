"""Options that several verbs share."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from micrort.compiler import CompileOptions
    from micrort.devices.boards import Board
    from micrort.places import Place

Function = Callable[..., Any]

_COMPILE: tuple[Callable[[Function], Function], ...] = (
    click.option(
        "--target",
        metavar="T",
        help="Core to compile for, see `micrort targets`. Default: any, or the board that it runs on.",
    ),
    click.option("--board", metavar="B", help="Board whose core to compile for, see `micrort boards`."),
    click.option("--device", metavar="PART", help="Part whose core to compile for, as CMSIS packs name it."),
    click.option(
        "--pack",
        type=click.Path(path_type=Path),
        envvar="MICRORT_PACKS",
        help="Where --device is described: a .pack, .pdsc, index.json, or a folder. Default: the installed packs.",
    ),
    click.option(
        "--executor",
        type=click.Choice(["graph", "aot"]),
        default="graph",
        show_default=True,
        help="graph: const tables, run or stepped by the executor. aot: direct kernel calls, no executor.",
    ),
    click.option(
        "--optimize",
        type=click.Choice(["balanced", "speed", "size", "ram"]),
        default="balanced",
        show_default=True,
        help="balanced: the fewest instructions while constants grow by a quarter at most (in small models by a "
        "kilobyte beside scales, or three where code becomes less by as much) and a kilobyte of code saves "
        "0.4 % of them; operators go row by row where that saves memory for a few per cent more instructions. "
        "speed: up to four times the model's constants. "
        "size: small code, where a kilobyte is worth as many instructions again. "
        "ram: the least memory, at up to a tenth more instructions.",
    ),
    click.option(
        "--max-ram",
        type=click.IntRange(min=1),
        metavar="BYTES",
        help="The fewest instructions with an arena of at most so many bytes; see compile --explore.",
    ),
    click.option(
        "--pool",
        "pools",
        multiple=True,
        metavar="NAME:BYTES",
        help="A memory for the model's tensors, the fastest first; repeatable. Default: what --board or --device has.",
    ),
    click.option(
        "--stream-input",
        multiple=True,
        metavar="NAME",
        help="Take this input row by row (mrt_executor_push_row); it is never held as a whole. Repeatable.",
    ),
    click.option(
        "--stream-output",
        multiple=True,
        metavar="NAME",
        help="Give this output row by row (mrt_executor_pop_row). Repeatable.",
    ),
    click.option(
        "--max-code",
        type=click.IntRange(min=1),
        metavar="BYTES",
        help="Choose kernels so that runtime, kernels and tables take at most so much flash, by estimate.",
    ),
)


def compile_options(function: Function) -> Function:
    """Give a command the options of `micrort compile` as one argument, `options: CompileOptions`."""

    @functools.wraps(function)
    def wrapper(
        *args: Any, target: str | None, board: str | None, device: str | None, pack: Path | None, **rest: Any
    ) -> Any:
        from micrort.compiler import CompileOptions

        found = _board(board, device, pack)
        chosen = target if found is None else found.resolve(target).name
        named = _pools(rest.pop("pools"))

        own = {name: rest.pop(name) for name in ("executor", "optimize", "max_code", "max_ram")}
        own |= {f"stream_{name}s": tuple(rest.pop(f"stream_{name}")) for name in ("input", "output")}
        own["pools"] = named or (() if found is None else found.pools)
        return function(*args, options=CompileOptions(chosen, **own), **rest)

    decorated: Function = wrapper
    for option in _COMPILE[::-1]:
        decorated = option(decorated)
    return decorated


model_argument = click.argument("model", metavar="MODEL|ARCHIVE", type=click.Path(path_type=Path))
"""A model file, which is compiled first, or an archive that `micrort compile` wrote."""

on_option = click.option(
    "--on",
    "place",
    metavar="WHERE",
    default="host",
    show_default=True,
    help="host; qemu:MACHINE for an emulated board, e.g. qemu:mps2-an386 (see `micrort boards`); or project:DIR[@PORT] "
    "for a project's firmware that serves requests.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def options_for(place: Place, options: CompileOptions) -> CompileOptions:
    """The options with the place's core as target where the user named none."""
    return options if options.target is not None else replace(options, target=place.target)


def progress(text: str) -> AbstractContextManager[Any]:
    """A spinner with `text` on standard error while the block runs; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(text)


def _board(board: str | None, device: str | None, pack: Path | None) -> Board | None:
    """What the model is to run on, if the user says so."""
    from micrort.devices import boards, packs
    from micrort.errors import UsageError

    if device is None:
        return None if board is None else boards.board(board)
    if board is not None:
        raise UsageError("--board names its part itself: leave --device out, or --board")
    return packs.device(device, pack).board


def _pools(texts: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Names and bytes of `--pool`."""
    from micrort.devices.boards import ARENAS_MAX
    from micrort.errors import UsageError

    found = []
    for text in texts:
        name, _, size = text.rpartition(":")
        if not name.isidentifier() or not size.isdigit() or not 0 < int(size) < 1 << 32:
            raise UsageError(f"--pool {text}: wanted is NAME:BYTES, e.g. dtcm:65536")
        found.append((name, int(size)))
    if len(dict(found)) < len(found) or len(found) > ARENAS_MAX:
        raise UsageError(f"--pool takes up to {ARENAS_MAX} memories of different names")
    return tuple(found)
