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
@click.option("--explore", is_flag=True, help="Write nothing: list schedules by instructions and RAM, as estimated.")
@click.option("--module", help="The model to take, of an archive of TVM that holds several.")
@click.option("--blob", "with_blob", is_flag=True, help="Also write the model as a blob: the archive's name + .mrt.")
@json_option
def command(
    model: Path,
    options: CompileOptions,
    output: Path | None,
    explore: bool,
    module: str | None,
    with_blob: bool,
    as_json: bool,
) -> None:
    """Compile MODEL to a Model Library Format archive: C, header, weights, and the figures.

    With --blob the same tables and weights are also written as a binary file beside the archive, which firmware loads
    at run time (include/micrort/blob.h). Each file is written whole or not at all.

    MODEL may also be an archive that TVM wrote: its operators stay as they are, their memory is planned anew.

    --explore lists the schedules among which --optimize and --max-ram choose: less memory for more instructions.
    """
    from micrort import mlf, packages
    from micrort.compiler import compile_model
    from micrort.mlf import blob

    if explore:
        _explore(model, options, as_json)
        return
    path = output or Path(f"{model.stem}.tar")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; -o takes the name of the archive")
    package = _foreign(model, path, module, options) if packages.is_archive(model) else compile_model(model, options)
    made = blob.make(package) if with_blob else None
    mlf.write(package, path)
    figures: dict[str, Any] = {"output": str(path), "name": package.name, **package.figures}
    if made is not None:
        blob_path = path.with_suffix(".mrt")
        blob.save(made, blob_path)
        figures = {**figures, "blob": str(blob_path), "blob_bytes": len(made.data)}
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    else:
        click.echo(_summary(package, path))
        if made is not None:
            click.echo(f"{figures['blob']}: {figures['blob_bytes']:,} bytes, kernels {', '.join(made.kernels)}")


def _foreign(model: Path, output: Path, module: str | None, options: CompileOptions) -> Package:
    """The package of an archive of TVM; one of ours is compiled already."""
    from micrort import packages
    from micrort.compiler import CompileOptions

    if options != CompileOptions(target=options.target):
        raise UsageError(f"{model} is an archive, whose operators are compiled: of the options --target alone applies")
    if output.exists() and output.samefile(model):
        raise UsageError(f"{output} is the archive itself: name another one with -o")
    package = packages.of_archive(model, module, options.target)
    if package.path is not None:  # read as it is
        raise UsageError(f"{model} is compiled already; `micrort run` and `micrort micro create-project` take it")
    return package


def _explore(model: Path, options: CompileOptions, as_json: bool) -> None:
    from micrort import compiler

    found = compiler.explore(model, options)
    first = found[0]
    rows = [
        {
            "arena_bytes": item.arena_bytes,
            "instructions": item.instructions,
            "overhead": round(item.instructions / first.instructions - 1, 4),
            "steps": len(item.program.steps),
        }
        for item in found
    ]
    if as_json:
        click.echo(json.dumps({"model": str(model), "target": options.target, "front": rows}, indent=2))
        return
    click.echo("arena bytes   instructions (estimate)   steps")
    for row in rows:
        click.echo(
            f"{row['arena_bytes']:>11,}   {row['instructions']:>14,} {row['overhead']:>+8.1%}   {row['steps']:>5}"
        )


def _summary(package: Package, path: Path) -> str:
    figures = package.figures
    lines = [f"{path}: {package.name} for {figures['target'] or 'any core'}, executor {figures['executor']}"]
    lines.extend(f"  {role:<9}{_described(item)}" for role in ("inputs", "outputs") for item in figures[role])
    for arena in figures["arenas"]:
        optimal = " (the least possible)" if arena["bytes"] == arena["lower_bound"] else ""
        lines.append(f"  RAM      {arena['bytes']:>9,} bytes, arena {arena['name']}{optimal}")
    if "tvm" in figures:
        lines.append(f"  TVM      {figures['tvm']['ram_bytes']:>9,} bytes of RAM would its own runtime take")
    lines.append(f"  weights  {figures['weights_bytes']:>9,} bytes")
    lines.append(f"  MACs     {figures['macs']:>9,} in {len(figures['operators'])} operators")
    pruning = figures.get("pruning", {"tensors": ()})
    if pruning["tensors"]:
        channels = sum(pruning["removed_channels"].values())
        lines.append(
            f"  removed  {channels:>9,} channels that no output depends on: of {pruning['macs_before']:,} MACs "
            f"{pruning['macs']:,} are left, of {pruning['weights_before']:,} weights {pruning['weights']:,}"
        )
    return "\n".join(lines)


def _described(item: dict[str, Any]) -> str:
    text = f"{item['name']}: {item['dtype']}{item['shape']}"
    return f"{text}, scale {item['scale']:.6g}, zero point {item['zero_point']}" if "scale" in item else text
