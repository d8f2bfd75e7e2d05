"""From a model to a package, in one call."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from micrort.errors import UsageError

if TYPE_CHECKING:
    from micrort.ir import Graph
    from micrort.mlf import Package
    from micrort.passes import Options
    from micrort.passes.schedule_rows import Schedule

EXECUTORS = ("graph", "aot")
LEVELS = ("balanced", "speed", "size", "ram")
ORDER_BUDGETS = {"balanced": 20_000, "speed": 20_000, "size": 20_000, "ram": 200_000}
"""Sets of calls that the search for an order looks at."""
TAKEN = ("executor", "graph", "kernel", "kernels", "plan", "status", "tensor", "call", "input", "output", "window")
"""Names that would make a model's symbols meet those of the runtime, beside those of kernels."""


@dataclass(frozen=True)
class CompileOptions:
    """What the user may choose."""

    target: str | None = None
    """The core to compile for; None: kernels that run on any, built for the board that firmware is made for."""
    executor: str = "graph"
    """`graph`: const tables and the executor; `aot`: direct kernel calls."""
    optimize: str = "balanced"
    """One of LEVELS."""
    max_code: int | None = None
    """Bytes of code (runtime, kernels, tables) at most, by estimate; None: any."""
    max_ram: int | None = None
    """Bytes of arena to stay within, at the fewest instructions; None: what the level has it."""
    pools: tuple[tuple[str, int], ...] = ()
    """Memories by name and bytes, the fastest first, each with an arena if anything lies there; none: one, `ram`."""
    stream_inputs: tuple[str, ...] = ()
    """Inputs of the model that are handed in row by row, by name."""
    stream_outputs: tuple[str, ...] = ()
    """Outputs of the model that are taken row by row, by name."""


def compile_model(model: Path | Graph, options: CompileOptions | None = None) -> Package:
    """Compile a model file, or a graph that a frontend made.

    Raises:
        UsageError: an option has no such value.
        ModelError: the model is damaged, or too large for the runtime's tables.
        UnsupportedError: the model has nodes that cannot be compiled.
    """
    from micrort import codegen, mlf, passes
    from micrort.codegen import graph_json, graph_reader, params, tables
    from micrort.mlf import package

    options = options or CompileOptions()
    _check(options)
    graph = _load(model)
    chosen = _pass_options(graph, options)
    program = passes.compile_graph(replace(graph, name=module_name(graph.name)), chosen)
    text, arrays = graph_json.write(program), params.write(graph_json.params(program))
    # read back from the very bytes of the archive, as every later user of the package does
    executor_graph = graph_reader.read(text, params.read(arrays, graph.name), graph.name)
    metadata = package.metadata(
        executor_graph,
        text,
        package.Settings(options.executor, options.target, options.optimize, _datetime()),
        package.Decisions(program.pruning, program.selection),
    )
    return mlf.Package(
        name=executor_graph.name,
        graph_json=text,
        params=arrays,
        sources=codegen.sources(executor_graph, options.executor),
        headers={tables.header_name(executor_graph): tables.header(executor_graph, options.executor)},
        listing=package.listing(executor_graph),
        metadata=metadata,
    )


def explore(model: Path | Graph, options: CompileOptions | None = None) -> list[Schedule]:
    """Schedules of a model by rising estimates of instructions, each with a smaller arena than those before.

    Raises:
        UsageError, ModelError, UnsupportedError: as compile_model.
    """
    from micrort import passes

    options = options or CompileOptions()
    _check(options)
    graph = _load(model)
    return passes.explore(replace(graph, name=module_name(graph.name)), _pass_options(graph, options))


def _pass_options(graph: Graph, options: CompileOptions) -> Options:
    from micrort import passes, planner
    from micrort.devices import targets
    from micrort.passes import storage

    streams = options.stream_inputs + options.stream_outputs
    if streams and options.executor == "aot":
        raise UsageError("inputs and outputs are streamed by the executor: compile without --executor aot")
    for what, names, known in (
        ("input", options.stream_inputs, graph.inputs),
        ("output", options.stream_outputs, graph.outputs),
    ):
        for name in names:
            if name not in known:
                raise UsageError(f"{graph.name} has no {what} {name!r} to stream; it has {', '.join(known)}")
    named = tuple(planner.Pool(name, size, storage.ARENA_ALIGNMENT) for name, size in options.pools)
    return passes.Options(
        pools=named or passes.ONE_POOL,
        order_budget=ORDER_BUDGETS[options.optimize],
        target=None if options.target is None else targets.target(options.target),
        optimize=options.optimize,
        max_code=options.max_code,
        max_ram=options.max_ram,
        streams=streams,
    )


def module_name(stem: str) -> str:
    """The C identifier for a model called `stem`, which no symbol of the runtime is made of."""
    from micrort.native import kernels

    name = re.sub(r"[^A-Za-z0-9_]+", "_", stem).strip("_")
    if not name or name[0].isdigit():
        name = f"model_{name}".rstrip("_")
    return f"{name}_model" if name in TAKEN or name in kernels.ids() else name


def _load(model: Path | Graph) -> Graph:
    if not isinstance(model, Path):
        return model
    from micrort import frontends

    return frontends.load(model)


def _check(options: CompileOptions) -> None:
    from micrort.devices import targets

    if options.target is not None:
        targets.target(options.target)
    for what, value, known in (("executor", options.executor, EXECUTORS), ("level", options.optimize, LEVELS)):
        if value not in known:
            raise UsageError(f"no {what} {value!r}: {', '.join(known)}")


def _datetime() -> str:
    """SOURCE_DATE_EPOCH as the archive's time, else 1970: the same model gives the same bytes."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if not text.isdigit():
        raise UsageError(f"SOURCE_DATE_EPOCH is {text!r}, not a number of seconds")
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(int(text)))
