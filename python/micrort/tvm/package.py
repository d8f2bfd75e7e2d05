"""From an archive of TVM to a package of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from micrort.codegen import graph_json, graph_reader, params, tables
from micrort.compiler import module_name
from micrort.mlf import Package
from micrort.mlf import package as our_package
from micrort.passes import Options, place_program
from micrort.planner import Pool
from micrort.tvm import aliasing, aot, graph, operators
from micrort.tvm.archive import Archive
from micrort.tvm.model import Model
from micrort.tvm.workspace import Workspaces, with_pools_moved


def convert(found: Archive, stem: str, target: str | None = None) -> Package:
    """The package of a model in an archive of TVM.

    Args:
        found: the model.
        stem: its name where TVM's is `default`.
        target: the core to build for; None: any.

    Raises:
        ModelError: the archive contradicts itself, or holds something that cannot be run.
    """
    name = module_name(stem if found.module == "default" else found.module)
    pools = with_pools_moved(found.sources)
    found = replace(found, sources=pools.sources)
    workspaces = Workspaces(found.sources, found.workspaces)
    model = (
        graph.read(found, name, workspaces) if found.executor == "graph" else aot.read(found, name, workspaces, pools)
    )
    alignment = max(pools.alignment, *(call.workspace_alignment for call in model.program.calls), 16)
    program = place_program(model.program, Options(pools=(Pool("ram", alignment=alignment),)))
    text, arrays = graph_json.write(program), params.write(graph_json.params(program))
    placed = graph_reader.read(text, params.read(arrays, found.source), found.source)
    adapters = operators.adapters(found, model, workspaces) if model.operators else model.entry
    ours = {
        f"{name}_tables.c": tables.tables(placed),
        f"{name}_arenas.c": tables.arenas(placed),
        f"{name}_operators.c": adapters,
    }
    metadata = our_package.metadata(placed, text, our_package.Settings(target=target))
    metadata["modules"][name]["micrort"]["tvm"] = _figures(found, model, placed.arenas[0].size if placed.arenas else 0)
    return Package(
        name=name,
        graph_json=text,
        params=arrays,
        sources={**ours, **aliasing.marked(workspaces)},
        headers={tables.header_name(placed): tables.header(placed, "graph"), **found.headers},
        listing=our_package.listing(placed),
        metadata=metadata,
    )


def _figures(found: Archive, model: Model, arena: int) -> dict[str, Any]:
    """What metadata.json says of the archive beside the model's figures."""
    figures = model.figures
    return {
        "module": found.module,
        "version": found.version,
        "executor": found.executor,
        "target": found.target or None,
        "units": [*model.sources],
        "headers": [*found.headers],
        "storage_bytes": figures.storage_bytes,
        "workspace_bytes": figures.workspace_bytes,
        "copied_params_bytes": figures.copied_params_bytes,
        "ram_bytes": figures.storage_bytes + figures.workspace_bytes + figures.copied_params_bytes,
        "arena_bytes": arena,
    }
