"""`micrort compile MODEL`: a model to a Model Library Format archive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from micrort.errors import UsageError

if TYPE_CHECKING:
    from micrort.mlf import Package


@click.command("compile")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--target", metavar="T", help="Core to compile for, see `micrort targets`. Default: any.")
@click.option("--board", metavar="B", help="Board whose core to compile for, see `micrort boards`.")
@click.option(
    "--executor",
    type=click.Choice(["graph", "aot"]),
    default="graph",
    show_default=True,
    help="graph: const tables, run or stepped by the executor. aot: direct kernel calls, no executor.",
)
@click.option(
    "--optimize",
    type=click.Choice(["balanced", "speed", "size", "ram"]),
    default="balanced",
    show_default=True,
    help="ram: search longer for the order of operators that needs the least memory. speed and size: written into "
    "the package for the build of the C code; tables and memory are those of balanced.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Archive to write. Default: MODEL's name + .tar.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
def command(
    model: Path,
    target: str | None,
    board: str | None,
    executor: str,
    optimize: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Compile MODEL to a Model Library Format archive: C, header, weights, and the figures.

    The archive is written whole or not at all.
    """
    from micrort import mlf
    from micrort.compiler import CompileOptions, compile_model

    options = CompileOptions(_target(target, board), executor, optimize)
    path = output or Path(f"{model.stem}.tar")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; -o takes the name of the archive")
    package = compile_model(model, options)
    mlf.write(package, path)
    if as_json:
        click.echo(json.dumps({"output": str(path), "name": package.name, **package.figures}, indent=2))
    else:
        click.echo(_summary(package, path))


def _target(target: str | None, board: str | None) -> str | None:
    if board is None:
        return target
    from micrort.devices import boards

    if target is None:
        return boards.board(board).target.name
    return boards.board(board).resolve(target).name


def _summary(package: Package, path: Path) -> str:
    figures = package.figures
    lines = [f"{path}: {package.name} for {figures['target'] or 'any core'}, executor {figures['executor']}"]
    lines.extend(f"  {role:<9}{_described(item)}" for role in ("inputs", "outputs") for item in figures[role])
    for arena in figures["arenas"]:
        optimal = " (the least possible)" if arena["bytes"] == arena["lower_bound"] else ""
        lines.append(f"  RAM      {arena['bytes']:>9,} bytes, arena {arena['name']}{optimal}")
    lines.append(f"  weights  {figures['weights_bytes']:>9,} bytes")
    lines.append(f"  MACs     {figures['macs']:>9,} in {len(figures['operators'])} operators")
    return "\n".join(lines)


def _described(item: dict[str, Any]) -> str:
    text = f"{item['name']}: {item['dtype']}{item['shape']}"
    return f"{text}, scale {item['scale']:.6g}, zero point {item['zero_point']}" if "scale" in item else text
