"""From programs to files: graph JSON, params, and C."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from micrort.ir.executor_graph import ExecutorGraph


def sources(graph: ExecutorGraph, executor: str) -> dict[str, str]:
    """File name -> C of a model for `executor` (graph or aot)."""
    from micrort.codegen import tables

    if executor == "aot":
        return {f"{graph.name}_lib0.c": tables.calls(graph)}
    return {f"{graph.name}_lib0.c": tables.tables(graph), f"{graph.name}_lib1.c": tables.arenas(graph)}
