"""`micrort check MODEL`: whether a model can be compiled; every node that cannot, with a suggestion."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from micrort.errors import ModelError, Unsupported, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from micrort.ir import Graph


@click.command("check")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--target", metavar="NAME", help="A name of `micrort targets`. Every operator runs on every target.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(context: click.Context, model: Path, target: str | None, as_json: bool) -> None:
    """List every node of MODEL that cannot be compiled, with a suggestion.

    Exit code 0: the model can be compiled. 1: it cannot, or the file is damaged.
    """
    from micrort import frontends
    from micrort.devices import targets

    if target is not None:
        targets.target(target)  # its kernels are portable C, so that only the name can be wrong
    try:
        graph = frontends.load(model)
    except UnsupportedError as error:
        _show_unsupported(model, error.unsupported, as_json)
        context.exit(error.exit_code)
    except ModelError as error:
        if as_json:
            _print_json(model, problems=error.problems, unsupported=())
            context.exit(error.exit_code)
        raise
    if as_json:
        _print_json(model, problems=(), unsupported=(), **summary(graph))
    else:
        _show_summary(model, graph)


def summary(graph: Graph) -> dict[str, Any]:
    """Figures of a graph that can be compiled, as `check --json` names them."""
    constants = [tensor for tensor in graph.tensors.values() if tensor.is_constant]
    activations = [tensor for tensor in graph.tensors.values() if not tensor.is_constant]
    return {
        "operators": dict(Counter(node.operator.name for node in graph.nodes).most_common()),
        "macs": sum(node.operator.macs(graph.operands(node)) for node in graph.nodes),
        "dtypes": sorted({tensor.dtype.value for tensor in activations}),
        "constant_bytes": sum(tensor.bytes for tensor in constants),
        "inputs": _ends(graph, graph.inputs),
        "outputs": _ends(graph, graph.outputs),
    }


def _ends(graph: Graph, names: Sequence[str]) -> dict[str, Any]:
    return {
        name: {"dtype": graph.tensors[name].dtype.value, "shape": list(graph.tensors[name].shape)} for name in names
    }


def _print_json(model: Path, problems: Sequence[str], unsupported: Sequence[Unsupported], **figures: Any) -> None:
    report = {
        "model": str(model),
        "supported": not problems and not unsupported,
        "problems": list(problems),
        "unsupported": [asdict(item) for item in unsupported],
        **figures,
    }
    click.echo(json.dumps(report, indent=2))


def _show_summary(model: Path, graph: Graph) -> None:
    figures = summary(graph)
    operators = ", ".join(f"{count} {name}" for name, count in figures["operators"].items())
    click.echo(f"{model}: can be compiled")
    click.echo(f"  operators  {len(graph.nodes)}: {operators}")
    click.echo(f"  MACs       {figures['macs']:,}")
    click.echo(f"  types      {', '.join(figures['dtypes'])}")
    click.echo(f"  constants  {figures['constant_bytes']:,} bytes")
    for what in ("inputs", "outputs"):
        for name, end in figures[what].items():
            click.echo(f"  {what[:-1]:9}  {name}: {end['dtype']}{end['shape']}")


def _show_unsupported(model: Path, unsupported: Sequence[Unsupported], as_json: bool) -> None:
    if as_json:
        _print_json(model, problems=(), unsupported=unsupported)
        return
    if sys.stdout.isatty():
        _print_table(unsupported)
    else:
        for item in unsupported:
            click.echo(str(item))
    click.echo(f"error: {model}: {len(unsupported)} node(s) cannot be compiled", err=True)


def _print_table(unsupported: Sequence[Unsupported]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("node", "why not, and what to do", show_lines=True)
    for item in unsupported:
        tensors = "\n".join(f"{d}{list(s)}" for d, s in zip(item.dtypes, item.shapes, strict=False))
        advice = f"{item.reason}\nsupported: {item.supported}\ntry: {item.suggestion}"
        table.add_row(escape(f"{item.node}\n{item.operator}\n{tensors}"), escape(advice))
    Console().print(table)
