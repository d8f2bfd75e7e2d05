"""`micrort compile MODEL`: a model to a Model Library Format archive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from micrort.commands.options import compile_options, json_option
from micrort.errors import UsageError

if TYPE_CHECKING:
    from micrort.compiler import CompileOptions
    from micrort.mlf import Package


@click.command("compile")
@click.argument("model", type=click.Path(path_type=Path))
@compile_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Archive to write. Default: MODEL's name + .tar.")
@json_option
def command(model: Path, options: CompileOptions, output: Path | None, as_json: bool) -> None:
    """Compile MODEL to a Model Library Format archive: C, header, weights, and the figures.

    The archive is written whole or not at all.
    """
    from micrort import mlf
    from micrort.compiler import compile_model

    path = output or Path(f"{model.stem}.tar")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; -o takes the name of the archive")
    package = compile_model(model, options)
    mlf.write(package, path)
    if as_json:
        click.echo(json.dumps({"output": str(path), "name": package.name, **package.figures}, indent=2))
    else:
        click.echo(_summary(package, path))


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
