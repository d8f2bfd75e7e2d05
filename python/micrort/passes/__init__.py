"""The compiler's passes, in order. Each makes a new graph or program, which must meet the grammar of its stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from micrort import planner
from micrort.errors import InternalError
from micrort.ir import Graph, Program
from micrort.passes import select_kernels, spec, storage
from micrort.passes.assign_slots import assign_slots
from micrort.passes.drop_dead_nodes import drop_dead_nodes
from micrort.passes.fold_constants import fold_constants
from micrort.passes.fold_dead_channels import fold_dead_channels
from micrort.passes.fold_identities import fold_identities
from micrort.passes.fold_pad import fold_pad
from micrort.passes.fuse_activations import fuse_activations
from micrort.passes.lower import lower
from micrort.passes.make_steps import make_steps
from micrort.passes.order_calls import order_calls
from micrort.passes.rows.costs import Costs
from micrort.passes.schedule_rows import Schedule, front, schedule_rows
from micrort.passes.share_constants import share_constants
from micrort.passes.share_storage import share_storage
from micrort.passes.workspaces import workspaces

if TYPE_CHECKING:
    from micrort.devices.targets import Target


ONE_POOL = (planner.Pool("ram", alignment=storage.ARENA_ALIGNMENT),)


@dataclass(frozen=True)
class Options:
    """What passes may be told."""

    pools: tuple[planner.Pool, ...] = ONE_POOL
    """Memory pools in the order in which they are filled."""
    order_budget: int = 20_000
    """See order_calls."""
    target: Target | None = None
    """The core to choose kernels for; None: portable ones."""
    optimize: str = "balanced"
    """What they are to be: see micrort.compiler.LEVELS."""
    model_bytes: int = 0
    """Constant data of the model, by which that of kernels is measured; set by compile_graph."""
    max_code: int | None = None
    """Bytes of code at most; None: any."""
    max_ram: int | None = None
    """See schedule_rows."""
    streams: tuple[str, ...] = ()
    """See schedule_rows."""


@dataclass(frozen=True)
class Pass:
    """A named rewrite."""

    run: Callable[..., Any]
    spec: Callable[[Any], str | None]
    """The grammar of its result."""
    options: tuple[str, ...] = ()
    """Members of Options that `run` takes by name."""

    @property
    def name(self) -> str:
        """The function's name."""
        return self.run.__name__


PIPELINE = (
    Pass(fold_constants, spec.graph),
    Pass(fold_identities, spec.graph),
    Pass(fold_pad, spec.graph),
    Pass(fuse_activations, spec.graph),
    Pass(drop_dead_nodes, spec.graph),
    Pass(fold_dead_channels, spec.graph),
    Pass(lower, spec.program),
    Pass(order_calls, spec.program, ("order_budget",)),
    Pass(schedule_rows, spec.stepped, ("target", "optimize", "model_bytes", "max_code", "pools", "max_ram", "streams")),
    Pass(share_constants, spec.stepped),
    Pass(share_storage, spec.shared),
    Pass(assign_slots, spec.placed, ("pools",)),
)
"""From what a frontend makes to what the code generator writes."""

PLACEMENT = (
    Pass(workspaces, spec.program),
    Pass(order_calls, spec.program, ("order_budget",)),
    Pass(make_steps, spec.stepped),
    Pass(share_constants, spec.stepped),
    Pass(share_storage, spec.shared),
    Pass(assign_slots, spec.placed, ("pools",)),
)
"""For programs that a frontend made itself, of operators of another compiler: whole tensors, no other kernels."""


def place_program(program: Program, options: Options | None = None) -> Program:
    """Order the calls of a program and place its tensors.

    Raises:
        PlanError, InternalError: as compile_graph.
    """
    unit = _run(program, options or Options(), PLACEMENT, spec.program)
    assert isinstance(unit, Program)
    return unit


def compile_graph(graph: Graph, options: Options | None = None) -> Program:
    """Run the whole pipeline.

    Raises:
        PlanError: the tensors do not fit into the memory pools.
        InternalError: a frontend or a pass made something that its stage does not allow; names it.
    """
    unit = _run(graph, _with_model_bytes(graph, options), PIPELINE)
    assert isinstance(unit, Program)
    return unit


def explore(graph: Graph, options: Options | None = None) -> list[Schedule]:
    """Schedules by rising estimates of instructions, each with a smaller arena than all before it.

    Raises:
        PlanError, UsageError, InternalError: as compile_graph.
    """
    options = _with_model_bytes(graph, options)
    names = [step.name for step in PIPELINE]
    program = _run(graph, options, PIPELINE[: names.index("schedule_rows")])
    rules = select_kernels.rules(program, options.target, options.optimize, options.model_bytes, options.max_code)
    costs = Costs(program, options.target, options.optimize, rules)
    return front(program, costs, options.pools, options.streams)


def _with_model_bytes(graph: Graph, options: Options | None) -> Options:
    constants = sum(tensor.bytes for tensor in graph.tensors.values() if tensor.data is not None)
    return replace(options or Options(), model_bytes=constants)


def _run(
    made: Graph | Program, options: Options, steps: tuple[Pass, ...], grammar: Callable[[Any], str | None] = spec.graph
) -> Any:
    _check("the frontend", grammar(made))
    unit: Any = made
    for step in steps:
        unit = step.run(unit, **{name: getattr(options, name) for name in step.options})
        _check(f"pass {step.name}", step.spec(unit))
    return unit


def _check(part: str, problem: str | None) -> None:
    if problem is not None:
        raise InternalError(part, problem)
