"""`micrort run`: one inference on the host or on an emulated board."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from micrort.commands.options import compile_options, json_option, model_argument, on_option, options_for, progress

if TYPE_CHECKING:
    import numpy as np

    from micrort.compiler import CompileOptions
    from micrort.places import Arrays, Model, Result

TVM_FIGURES = (
    "executor",
    "version",
    "storage_bytes",
    "workspace_bytes",
    "copied_params_bytes",
    "ram_bytes",
)
"""What TVM's own runtime would take, beside arena_bytes."""
SHOWN = 16
"""Elements of an output that are printed."""


@click.command("run")
@model_argument
@on_option
@click.option("--inputs", "source", default="lcg:12345", show_default=True, help="An .npz file, or lcg:SEED.")
@click.option("--outputs", "saved", type=click.Path(path_type=Path), help="Write the outputs to this .npz file.")
@click.option("--profile", is_flag=True, help="Instructions of every operator (emulated boards).")
@click.option("--module", help="The model to run, of an archive of TVM that holds several.")
@click.option("--blob", "as_blob", is_flag=True, help="Load the model as a blob, as firmware does; implied by a .mrt.")
@json_option
@compile_options
def command(
    model: Path,
    place: str,
    source: str,
    saved: Path | None,
    profile: bool,
    module: str | None,
    as_blob: bool,
    as_json: bool,
    options: CompileOptions,
) -> None:
    """Run a model, an archive (ours, or TVM's) or a blob (.mrt) once and print outputs and cost.

    A model is compiled first, with the options of `micrort compile`; an unchanged model comes from the cache. With
    --blob an emulated board gets firmware that holds the kernels only, and loads the model at run time.
    """
    from micrort import inputs, packages, places

    where = places.place(place)
    options = options_for(where, options)
    package: Model
    with progress(f"compiling {model.name}"):
        if as_blob or packages.is_blob(model):
            package = packages.obtain_blob(model, options)
        else:
            package = packages.obtain(model, options, module)
    graph = package.graph
    arrays = inputs.make(source, [graph.tensors[index] for index in graph.inputs])
    with progress(f"running on {place}"):
        result = where.run(package, [arrays], profile=profile)
    if saved is not None:
        _save(saved, result.outputs[0])
    if as_json:
        click.echo(json.dumps(report(package, place, result), indent=2))
    else:
        _show(package, place, result)


def report(package: Model, place: str, result: Result) -> dict[str, Any]:
    """What `run --json` prints."""
    outputs = {
        name: {"dtype": array.dtype.name, "shape": list(array.shape), "crc32": f"{crc32(array):08x}"}
        for name, array in result.outputs[0].items()
    }
    figures: dict[str, Any] = {
        "model": package.name,
        "on": place,
        "outputs": outputs,
        "arena_bytes": sum(arena.size for arena in package.graph.arenas),
        "arena_by_pool": {arena.name: arena.size for arena in package.graph.arenas},
        **result.figures,
    }
    if "tvm" in package.figures:
        figures["tvm"] = {key: package.figures["tvm"].get(key) for key in TVM_FIGURES}
    if result.operators:
        figures["operators"] = profile(package, result)
    return figures


def profile(package: Model, result: Result) -> list[dict[str, Any]]:
    """For each operator name, operator, kernel, instructions, MACs and, where it was chosen, tile and what was not."""
    described = {item["name"]: item for item in package.figures.get("operators", ())}
    found = []
    for item in result.operators:
        own = described.get(item["name"], {})
        macs = own.get("macs", 0)
        known = {"macs": macs, "instructions_per_mac": round(item["instructions"] / macs, 3) if macs else None}
        chosen = {key: own[key] for key in ("tile", "estimated_instructions", "refused") if key in own}
        found.append({**item, **known, **chosen})
    return found


def crc32(array: np.ndarray) -> int:
    """CRC-32 (zlib) of the elements as they lie in memory."""
    return zlib.crc32(array.tobytes())


def _save(path: Path, outputs: Arrays) -> None:
    import numpy as np

    partial = path.with_name(f".{path.name}.part")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **outputs)
    partial.replace(path)


def _show(package: Model, place: str, result: Result) -> None:
    click.echo(f"{package.name} on {place}")
    for name, array in result.outputs[0].items():
        values = " ".join(f"{value:g}" for value in array.ravel()[:SHOWN])
        more = f" … ({array.size} in all)" if array.size > SHOWN else ""
        click.echo(f"  {name}: {array.dtype.name}{list(array.shape)}, crc32 {crc32(array):08x}")
        click.echo(f"    {values}{more}")
    for arena in package.graph.arenas:
        click.echo(f"  {'arena ' + arena.name:<20} {arena.size:>12,} bytes")
    if "tvm" in package.figures:
        own = package.figures["tvm"]
        click.echo(
            f"  {'TVM would take':<20} {own['ram_bytes']:>12,} bytes: {own['storage_bytes']:,} for storage, "
            f"{own['workspace_bytes']:,} for workspace, {own['copied_params_bytes']:,} for weights"
        )
    units = {"instructions": "", "init_instructions": ""}
    for name, figure in result.figures.items():
        label = name.removesuffix("_bytes").replace("_", " ")
        click.echo(f"  {label:<20} {figure:>12,}{units.get(name, ' bytes')}")
    total = sum(int(item["instructions"]) for item in result.operators) or 1
    for item in profile(package, result):
        share = 100 * int(item["instructions"]) / total
        per_mac = f"{item['instructions_per_mac']:8.3f} a MAC" if item["macs"] else " " * 14
        click.echo(f"  {item['instructions']:>12,} {share:5.1f} % {per_mac}  {item['kernel']:<24} {item['name']}")
        notes = [item["tile"]] if item.get("tile") else []
        notes += [f"not {other['kernel']}: {other['reason']}" for other in item.get("refused", ())]
        for note in notes:
            click.echo(f"{'':<38}{note}")
