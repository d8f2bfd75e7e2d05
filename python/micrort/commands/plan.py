"""`micrort plan LIFETIMES.csv`: the memory planner alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from micrort.planner import Lifetime, Plan

SMALLEST_STEPS = 5_000_000
"""Budget of the search for the smallest plan: some ten seconds for hundreds of buffers."""
FIT_STEPS = 100_000_000
"""Budget of the question whether a capacity suffices: minutes, since the answer ends it."""


@click.command("plan")
@click.argument("lifetimes", metavar="LIFETIMES.csv", type=click.Path(path_type=Path))
@click.option(
    "--capacity",
    type=click.IntRange(0, 0xFFFFFFFE),
    metavar="BYTES",
    help="Memory that there is. The first plan that fits will do, unless --minimise is given.",
)
@click.option("--minimise", is_flag=True, help="Go on to the smallest plan, where --capacity would stop.")
@click.option(
    "--strategy", metavar="NAME", default="auto", show_default=True, help="auto, greedy, hill_climb or exact."
)
@click.option(
    "--budget",
    type=click.IntRange(1),
    metavar="STEPS",
    help="Most placements of buffers to try  [default: 5 million; 100 million with --capacity].",
)
@click.option(
    "--in-place",
    type=click.Path(path_type=Path),
    metavar="PAIRS.csv",
    help="Outputs that may share bytes with inputs: input,output[,delta].",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="OUT.csv", help="Write the plan as CSV.")
@click.pass_context
def command(
    context: click.Context,
    lifetimes: Path,
    capacity: int | None,
    minimise: bool,
    strategy: str,
    budget: int | None,
    in_place: Path | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Place the buffers of LIFETIMES.csv in one memory.

    The file has a header and a row for each buffer: id,lower,upper,size[,alignment][,fixed]. A buffer is alive in the
    half-open interval [lower, upper).

    PAIRS.csv names inputs that a step reads for the last time and outputs that begin at that step: the input's upper is
    the output's lower + 1. The output may then lie over the input, beginning at least delta bytes before it (default
    0); the planner does so where it makes the plan smaller.

    Exit code 0: placed. 1: proved to be impossible, or not solved within the budget. 2: wrong usage.
    """
    from micrort import planner

    items = planner.read_lifetimes(lifetimes)
    pairs = [] if in_place is None else planner.read_pairs(in_place)
    pool = planner.Pool("memory", capacity, alignment=max((item.alignment for item in items), default=1))
    smallest = minimise or capacity is None
    steps = budget or (SMALLEST_STEPS if smallest else FIT_STEPS)
    try:
        plan = planner.plan(items, [pool], strategy, steps, minimise=smallest, pairs=pairs)
    except planner.PlanError as error:
        if not as_json:
            raise
        _print_json(items, error.plan, capacity)
        context.exit(error.exit_code)
    if output is not None:
        planner.write_plan(output, items, plan)
    if as_json:
        _print_json(items, plan, capacity)
    else:
        _print_summary(items, plan, len(pairs))


def _print_json(items: Sequence[Lifetime], plan: Plan, capacity: int | None) -> None:
    report = {
        "status": plan.status,
        "buffers": len(items),
        "capacity": capacity,
        "size": plan.sizes[0] if plan.status in ("optimal", "feasible") else None,
        "lower_bound": plan.lower_bounds[0],
        "steps": plan.steps,
        "offsets": {name: offset for name, (_, offset) in plan.slots.items()},
        "in_place": [{"input": pair.input, "output": pair.output} for pair in plan.in_place],
    }
    click.echo(json.dumps(report, indent=2))


def _print_summary(items: Sequence[Lifetime], plan: Plan, pairs: int) -> None:
    size, bound = plan.sizes[0], plan.lower_bounds[0]
    gap = f"{100 * (size - bound) / bound:.1f} % above it" if bound else "equal to it"
    click.echo(f"{len(items)} buffers in {size:,} bytes: {plan.status}")
    click.echo(f"  lower bound  {bound:,} bytes; the plan is {gap if size != bound else 'equal to it'}")
    if pairs:
        click.echo(f"  in place     {len(plan.in_place)} of {pairs} pairs share bytes")
    click.echo(f"  steps        {plan.steps:,}")
