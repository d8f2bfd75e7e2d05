"""The figures of a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from micrort.codegen import tables
from micrort.ir.executor_graph import PARAMS_POOL
from micrort.ir.program import StepKind
from micrort.mlf import Package
from micrort.report import memory_map


def figures(package: Package) -> dict[str, Any]:
    """What `micrort report --json` prints: the package's figures, steps, table bytes and the memory map.

    `whole_tensor_bytes` is the least that operator by operator would need: the most bytes of the operands of one node.
    """
    graph = package.graph
    steps = Counter(step.call for step in graph.steps if step.kind is StepKind.CALL)
    operators = [{**item, "steps": steps[index]} for index, item in enumerate(package.figures["operators"])]
    return {
        "name": graph.name,
        **package.figures,
        "operators": operators,
        "steps": len(graph.steps),
        "table_bytes": tables.table_bytes(graph),
        "whole_tensor_bytes": _whole(package),
        "bytes_by_step": memory_map.busiest(graph),
        "memory_map": [asdict(area) for area in memory_map.areas(graph)],
    }


def _whole(package: Package) -> int:
    graph = package.graph
    sums = []
    for node in graph.nodes:
        operands = [graph.tensors[index] for index in {*node.inputs, *node.outputs}]
        sums.append(sum(tensor.bytes for tensor in operands if tensor.pool != PARAMS_POOL))
    return max(sums, default=0)
