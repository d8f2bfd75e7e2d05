"""`micrort report OUT.tar`: a page with the memory map over time, and the figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from micrort.commands.options import compile_options, json_option, model_argument

if TYPE_CHECKING:
    from micrort.compiler import CompileOptions


@click.command("report")
@model_argument
@compile_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Page to write. Default: MODEL's name + .html.")
@json_option
def command(model: Path, options: CompileOptions, output: Path | None, as_json: bool) -> None:
    """Draw where the tensors of MODEL, or of an archive, lie over time, rows by rows, and list what it costs."""
    from micrort import packages
    from micrort.report import memory_map, page
    from micrort.report.figures import figures

    package = packages.obtain(model, options)
    found = figures(package)
    path = output or (None if as_json else Path(f"{model.stem}.html"))
    if path is not None:
        path.write_text(page.render(package.graph, memory_map.areas(package.graph), found), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo(f"{path}: arena {found['arena_bytes']:,} bytes, {found['steps']:,} steps")
