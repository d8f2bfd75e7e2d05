"""What kernels need for the shapes of tests/bench/shapes.py: `python -m tests.bench.kernels`.

A table of instructions per MAC (per addend of pools, per element of add and mul) on every emulated core; red where a
shape needs more than 1.3 times as much as the one that it is near to. Exit code 1 if a shape needs over 2 % more than
what is committed in tests/bench/kernels.json; `--update` writes that file. `--shape` and `--core` choose.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tests.bench.measure import CORES, Case, Refusal, measure_all
from tests.bench.shapes import SHAPES, Elementwise, Pool, model_of

REPOSITORY = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "kernels.json"
LATEST = REPOSITORY / "build" / "bench" / "kernels.json"
TOLERANCE = 1.02
CLIFF = 1.3
CHUNK = 12
"""Shapes in one firmware, always the same ones: kernels are chosen for all of them together."""
MAX_RAM = 1 << 30
"""Whole tensors: which calls go by rows for a smaller arena would depend on the other shapes of a firmware."""
Costs = dict[str, dict[str, Any]]
"""`shape core level` -> kernel, instructions, units (MACs, addends or elements)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, compare."""
    options = _options(arguments)
    names = [name for name in SHAPES if not options.shape or any(part in name for part in options.shape)]
    cores = options.core or list(CORES)
    fresh, refused = measure_shapes(names, cores, options)
    committed: Costs = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print("Instructions per MAC (per addend of pools, per element of add and mul); * by the portable kernel")
    console.print(table(fresh, cores, options.optimize))
    problems = [*refused, *regressions(fresh, committed)]
    for problem in problems:
        console.print(f"[red]{problem}")
    LATEST.parent.mkdir(parents=True, exist_ok=True)
    LATEST.write_text(_text({**committed, **fresh}))
    if options.update:
        RESULTS.write_text(_text({**committed, **fresh}))
        console.print(f"wrote {RESULTS.relative_to(REPOSITORY)}")
        return 0
    cliffs = sum(cost > CLIFF * near for cost, near in _compared(fresh))
    console.print(
        f"{len(fresh)} figures, {cliffs} over {CLIFF} times what the near shape needs, {len(problems)} problems"
    )
    return 1 if problems else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kernels", description=__doc__)
    parser.add_argument("--shape", action="append", help="only shapes whose name contains this, e.g. dw, 1x1, f32")
    parser.add_argument("--core", action="append", choices=CORES, help="only this core; may be repeated")
    parser.add_argument("--optimize", default="balanced")
    parser.add_argument("--update", action="store_true", help="accept the figures: write tests/bench/kernels.json")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args(arguments)


def measure_shapes(names: Sequence[str], cores: Sequence[str], options: argparse.Namespace) -> tuple[Costs, list[str]]:
    """The costs of all shapes on all cores, and what could not be measured."""
    with tempfile.TemporaryDirectory(prefix="micrort-bench-") as work:
        paths = []
        for begin in range(0, len(SHAPES), CHUNK):
            together = list(SHAPES)[begin : begin + CHUNK]
            if set(together).isdisjoint(names):
                continue
            path = Path(work) / f"kernels_{begin}.tflite"
            path.write_bytes(model_of(together))
            paths.append(path)
        cases = [Case(path, core, options.optimize, MAX_RAM) for core in cores for path in paths]
        found = measure_all(cases, options.jobs)
    costs: Costs = {}
    refused = []
    for case, item in found.items():
        if isinstance(item, Refusal):
            refused.append(f"{case.label}: {item.reason}")
            continue
        for node in item.operators:
            if node["name"] not in names:
                continue
            label = f"{node['name']} {case.core} {case.optimize}"
            operator = SHAPES[node["name"]].operator
            units = operator.units if isinstance(operator, Elementwise | Pool) else node["macs"]
            costs[label] = {"kernel": node["kernel"], "instructions": node["instructions"], "units": units}
    return costs, refused


def table(costs: Costs, cores: Sequence[str], level: str) -> Table:
    """A row for each shape."""
    made = Table()
    made.add_column("shape", no_wrap=True)
    for core in cores:
        made.add_column(core.removeprefix("cortex-"), justify="right", no_wrap=True)
    for name, shaped in SHAPES.items():
        found = [costs.get(f"{name} {core} {level}") for core in cores]
        near = [costs.get(f"{shaped.near} {core} {level}") for core in cores]
        if any(found):
            made.add_row(name, *(_cell(*pair) for pair in zip(found, near, strict=True)))
    return made


def _cell(found: Mapping[str, Any] | None, near: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    cost = found["instructions"] / found["units"]
    portable = "" if found["kernel"].endswith(("_dsp", "_mve", "_scalar")) else "*"
    ratio = cost / (near["instructions"] / near["units"]) if near else 0
    return f"[red]{cost:.3f}{portable} x{ratio:.1f}[/]" if ratio > CLIFF else f"{cost:.3f}{portable}"


def _compared(costs: Costs) -> Iterator[tuple[float, float]]:
    """The cost of each shape that is near to another, and of that one."""
    for label, found in costs.items():
        name, core, level = label.rsplit(" ", 2)
        near = costs.get(f"{SHAPES[name].near} {core} {level}")
        if near is not None:
            yield found["instructions"] / found["units"], near["instructions"] / near["units"]


def regressions(fresh: Costs, committed: Costs) -> Iterator[str]:
    """What needs more than committed."""
    for label, found in fresh.items():
        old = committed.get(label)
        if old is not None and found["instructions"] > TOLERANCE * old["instructions"]:
            change = 100 * (found["instructions"] / old["instructions"] - 1)
            yield f"{label}: {found['instructions']:,} instructions, committed {old['instructions']:,}, {change:+.1f} %"


def _text(costs: Costs) -> str:
    """JSON with one figure a line."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(costs[name])}" for name in sorted(costs)) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
