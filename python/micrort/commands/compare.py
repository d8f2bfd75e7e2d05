"""`micrort compare`: every tensor against the reference interpreter, the first diverging one by name."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from micrort.commands.options import compile_options, json_option, model_argument, on_option, options_for, progress
from micrort.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from micrort.compiler import CompileOptions
    from micrort.ir import RemovedChannels

TOLERANCE = 1e-5
"""Absolute and relative, for float32: the compiler may contract a * b + c, and C libraries differ in exp and tanh."""


@dataclass(frozen=True)
class Difference:
    """How a tensor differs from the reference."""

    inputs: str
    """The inputs with which it was seen."""
    tensor: str
    operator: str
    elements: int
    differing: int
    largest: float
    """Largest absolute difference, in units of the tensor's own numbers."""


@click.command("compare")
@model_argument
@on_option
@click.option(
    "--inputs",
    "sources",
    multiple=True,
    default=("lcg:12345",),
    show_default=True,
    help="An .npz file, or lcg:SEED, or lcg:FIRST-LAST for several seeds; may be repeated.",
)
@json_option
@compile_options
@click.pass_context
def command(
    context: click.Context, model: Path, place: str, sources: tuple[str, ...], as_json: bool, options: CompileOptions
) -> None:
    """Compare every tensor of MODEL with the reference interpreter, LiteRT.

    Integer tensors must be equal to the byte, floats within 1e-5 (absolute plus relative). Tensors that the compiler
    removed (fused activations, folded pads) have nothing to be compared with. Of channels that it removed, constant
    ones must be that constant in the reference; those that nothing reads are counted. Exit code 1 if anything differs.
    """
    from micrort import packages

    if packages.is_archive(model):
        raise UsageError(f"{model} is an archive: compare needs the model itself, the reference runs that")
    names = _expand(sources)
    with progress(f"comparing {model.name} on {place}"):
        compared, removed, differences = _compare(model, place, names, options)
    if as_json:
        result = {
            "model": str(model),
            "on": place,
            "inputs": names,
            "tensors_compared": compared,
            "constant_channels": sum(len(item.constants) for item in removed),
            "unread_channels": sum(item.count - len(item.constants) for item in removed),
            "differing_bytes": sum(item.differing for item in differences),
            "differences": [asdict(item) for item in differences],
        }
        click.echo(json.dumps(result, indent=2))
    else:
        _show(model, place, names, compared, differences)
        _show_removed(removed)
    context.exit(1 if differences else 0)


def _compare(
    model: Path, place: str, names: list[str], options: CompileOptions
) -> tuple[int, list[RemovedChannels], list[Difference]]:
    """How many tensors were compared, the channels they lost, and those that differ, in order of execution."""
    from micrort import inputs, packages, places
    from micrort.frontends.tflite import tensor_names
    from micrort.reference.litert import LiteRTReference

    where = places.place(place)
    options = options_for(where, options)
    package = packages.obtain(model, options)
    graph = package.graph
    arrays = [inputs.make(source, [graph.tensors[index] for index in graph.inputs]) for source in names]
    result = where.run(package, arrays, trace=package.executor == "graph")
    data = model.read_bytes()
    titles = tensor_names(data)
    indices = {title: index for index, title in enumerate(titles)}
    reference = LiteRTReference(data)
    compared, differences = 0, []
    removed: dict[str, RemovedChannels] = {}
    for position, (source, values) in enumerate(zip(names, arrays, strict=True)):
        made = {**(result.traces[position] if result.traces else {}), **result.outputs[position]}
        for operator, outputs in reference.run({indices[name]: value for name, value in values.items()}):
            for title, expected in ((titles[index], array) for index, array in outputs.items()):
                if title in made:
                    compared += 1
                    ours = made[title]
                    if title in package.removed:
                        removed[title] = package.removed[title]
                        ours = restored(ours, removed[title], expected)
                    found = difference(source, title, operator.name, ours, expected)
                    differences.extend([found] if found else [])
    return compared, list(removed.values()), differences


def restored(ours: np.ndarray, removed: RemovedChannels, expected: np.ndarray) -> np.ndarray:
    """`ours` with its removed channels: their constants, or what is `expected` of those that nothing reads."""
    full: np.ndarray = expected.copy()
    for channel, value in removed.constants.items():
        full[..., channel] = value
    kept = list(removed.kept)
    full[..., kept] = ours.reshape(full[..., kept].shape)
    return full


def difference(source: str, tensor: str, operator: str, ours: np.ndarray, expected: np.ndarray) -> Difference | None:
    """How two arrays differ beyond what is allowed for their type; None if they agree."""
    import numpy as np

    ours, expected = ours.ravel(), expected.ravel()
    gap = np.abs(ours.astype(np.float64) - expected.astype(np.float64))
    if ours.dtype == np.float32:
        gap[(ours == expected) | (np.isnan(ours) & np.isnan(expected))] = 0
        wrong = ~(gap <= TOLERANCE + TOLERANCE * np.abs(expected.astype(np.float64)))
    else:
        wrong = ours != expected
    if not wrong.any():
        return None
    return Difference(source, tensor, operator, ours.size, int(wrong.sum()), float(gap[wrong].max()))


def _expand(sources: tuple[str, ...]) -> list[str]:
    """`lcg:A-B` as lcg:A … lcg:B; everything else as it is."""
    names: list[str] = []
    for source in sources:
        first, dash, last = source.removeprefix("lcg:").partition("-")
        if source.startswith("lcg:") and dash and first.isdecimal() and last.isdecimal():
            if int(last) < int(first):
                raise UsageError(f"{source}: the last seed is smaller than the first")
            names.extend(f"lcg:{seed}" for seed in range(int(first), int(last) + 1))
        else:
            names.append(source)
    return names


def _show(model: Path, place: str, names: list[str], compared: int, differences: list[Difference]) -> None:
    if not differences:
        click.echo(f"{model} on {place}: {compared} tensors over {len(names)} input(s), every one as the reference")
        return
    first = differences[0]
    click.echo(f"{model} on {place}: {len(differences)} of {compared} tensors differ")
    click.echo(f"first: {_line(first)}, with inputs {first.inputs}")
    for item in differences[1:10]:
        click.echo(f"then:  {_line(item)}, with inputs {item.inputs}")


def _show_removed(removed: list[RemovedChannels]) -> None:
    constant, gone = sum(len(item.constants) for item in removed), sum(item.count for item in removed)
    if gone:
        click.echo(f"{gone} removed channels: {constant} compared as constants, {gone - constant} that nothing reads")


def _line(item: Difference) -> str:
    return (
        f"{item.tensor} ({item.operator}): {item.differing} of {item.elements} elements differ, "
        f"by up to {item.largest:g}"
    )
