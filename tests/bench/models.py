"""Every model on every emulated core beside peers, goals and the committed figures: `python -m tests.bench.models`.

Prints tables, writes build/bench/results.json, and ends with exit code 1 if a figure is worse than the one committed in
tests/bench/results.json by more than 2 %, if outputs differ from the committed ones, or if static RAM or stack exceed
what every model is allowed. `--update` writes tests/bench/results.json and
docs/performance.md: the way to accept figures.

`--core`, `--model` and `--optimize` choose; what is not measured keeps its committed figures. `--nodes` shows nodes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tests.bench.goals import GOALS, goal, peer
from tests.bench.measure import CORES, Case, Measurement, Refusal, measure_all
from tests.shared import ROOT

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
RESULTS = HERE / "results.json"
LATEST = REPOSITORY / "build" / "bench" / "results.json"
TOLERANCE = 1.02
COMPARED = (
    "instructions",
    "init_instructions",
    "code_bytes",
    "weights_bytes",
    "arena_bytes",
    "stack_bytes",
    "stack_bound_bytes",
    "static_ram_bytes",
)
"""Members of a measurement that may not grow."""
SHORT = {
    "init_instructions": "init",
    "code_bytes": "code",
    "weights_bytes": "weights",
    "arena_bytes": "arena",
    "stack_bytes": "stack",
    "stack_bound_bytes": "bound",
    "static_ram_bytes": "static",
}
Results = dict[str, dict[str, Any]]
"""Label of a case -> members of its Measurement, operators by kind, or {"refused": reason}."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, compare."""
    options = _options(arguments)
    cases = [
        Case(path, core, level)
        for path in models(options.model)
        for level in options.optimize
        for core in options.core or CORES
    ]
    found = measure_all(cases, options.jobs)
    committed: Results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    fresh = {case.label: entry(item) for case, item in found.items()}
    console = Console(width=None if sys.stdout.isatty() else 180)
    for item in tables(found, committed, options.nodes):
        console.print(item)
    problems = [*regressions(fresh, committed), *excesses(found)]
    for problem in problems:
        console.print(f"[red]{problem}")
    merged = {**committed, **fresh}
    LATEST.parent.mkdir(parents=True, exist_ok=True)
    LATEST.write_text(text(merged))
    if options.update:
        from tests.bench import report  # which reads what this module writes

        RESULTS.write_text(text(merged))
        report.PAGE.write_text(report.page(merged), encoding="utf-8")
        for path in (RESULTS, report.PAGE):
            console.print(f"wrote {path.relative_to(REPOSITORY)}")
        return 0
    console.print(f"{len(found)} cases, {len(problems)} problems; figures in {LATEST.relative_to(REPOSITORY)}")
    return 1 if problems else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.models", description=__doc__)
    parser.add_argument("--model", action="append", default=[], help="only models whose name contains this")
    parser.add_argument("--core", action="append", choices=CORES, help="only this core; may be repeated")
    parser.add_argument("--optimize", action="append", help="balanced (default), speed, size; may be repeated")
    parser.add_argument("--nodes", action="store_true", help="show every node, not kinds of nodes")
    parser.add_argument("--update", action="store_true", help="accept the figures: write tests/bench/results.json")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    options.optimize = options.optimize or ["balanced"]
    return options


def models(parts: Sequence[str]) -> list[Path]:
    """Models of ../shared/models and tests/models whose names contain one of `parts` (none: all)."""
    paths = [*sorted((ROOT / "models").glob("*.tflite")), *sorted((REPOSITORY / "tests" / "models").glob("*.tflite"))]
    return [path for path in paths if not parts or any(part in path.stem for part in parts)]


def entry(item: Measurement | Refusal) -> dict[str, Any]:
    """A measurement as results.json holds it: nodes of one operator and kernel together."""
    if isinstance(item, Refusal):
        return {"refused": item.reason}
    kinds: dict[str, list[int]] = {}
    for node in item.operators:
        total = kinds.setdefault(f"{node['operator']} {node['kernel']}", [0, 0, 0])
        for index, value in enumerate((1, node["macs"], node["instructions"])):
            total[index] += value
    return {**asdict(item), "operators": kinds}


def text(results: Results) -> str:
    """JSON with one case a line, so that changes of different cases merge."""
    lines = (f"{json.dumps(label)}: {json.dumps(results[label])}" for label in sorted(results))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def regressions(fresh: Results, committed: Results) -> Iterator[str]:
    """What is worse than committed, one line a figure."""
    for label, new in fresh.items():
        old = committed.get(label)
        if old is None or "refused" in old:
            continue
        if "refused" in new:
            yield f"{label}: {new['refused']}"
            continue
        for name in COMPARED:
            if new[name] > TOLERANCE * old[name]:
                change = f", {100 * (new[name] / old[name] - 1):+.1f} %" if old[name] else ""
                yield f"{label}: {name} {new[name]:,}, committed {old[name]:,}{change}"
        if new["outputs"] != old["outputs"]:
            yield f"{label}: other outputs than committed"


def excesses(found: Mapping[Case, Measurement | Refusal]) -> Iterator[str]:
    """Where a limit of every model is exceeded, or a bound by what was measured."""
    for case, item in found.items():
        if isinstance(item, Measurement) and item.stack_bytes > item.stack_bound_bytes:
            yield f"{case.label}: stack {item.stack_bytes:,}, above its bound of {item.stack_bound_bytes:,}"
        for name, limit in GOALS["every"].items():
            value = getattr(item, name, None)
            if value is not None and value > limit:
                yield f"{case.label}: {name} {value:,}, at most {limit:,} allowed"


def tables(found: Mapping[Case, Measurement | Refusal], committed: Results, nodes: bool) -> Iterator[Table | str]:
    """For each model and level a table of cores and one of operators; a line for each refusal."""
    groups: dict[tuple[str, str], dict[str, Measurement]] = {}
    for case, item in found.items():
        group = groups.setdefault((case.path.stem, case.optimize), {})
        if isinstance(item, Measurement):
            group[case.core] = item
        else:
            yield f"{case.label}: {item.reason[:100]}"
    for (model, level), cores in groups.items():
        if cores:
            yield figures(model, level, cores, committed)
            yield operators(cores, nodes)


def figures(model: str, level: str, cores: Mapping[str, Measurement], committed: Results) -> Table:
    """A row for each core, and rows for peers."""
    title = f"\n[bold]{model}[/], {level}, {next(iter(cores.values())).macs:,} MACs"
    table = Table(title=title, title_justify="left")
    for name in ("", "instructions", "a MAC", "change", "goal", "TFLM", "x", *SHORT.values()):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for core, item in cores.items():
        old = committed.get(f"{model} {core} {level}", {}).get("instructions")
        other = peer("tflm", model, "instructions", core)
        wanted = goal(level, "instructions", model, core)
        table.add_row(
            core,
            f"{item.instructions:,}",
            f"{item.per_mac:.3f}",
            f"{100 * (item.instructions / old - 1):+.1f} %" if old else "",
            _judged(wanted, item.instructions),
            f"{other:,}" if other else "",
            f"{other / item.instructions:.2f}" if other else "",
            *(_size(getattr(item, name), goal(level, name, model, core)) for name in SHORT),
        )
    for name, label in (("tflm", "TFLM, M4"), ("tinyengine", "TinyEngine, M7"), ("microtvm", "microTVM, M7")):
        core = "cortex-m4" if name == "tflm" else "cortex-m7"
        values = [peer(name, model, member, core) for member in SHORT]
        count = peer(name, model, "instructions", core)
        if count:
            texts = (f"{value:,}" if value else "" for value in values)
            table.add_row(label, f"{count:,}", "", "", "", "", "", *texts, style="dim")
    return table


def _judged(wanted: int | None, value: int) -> str:
    return "" if wanted is None else f"[{'green' if value <= wanted else 'red'}]{wanted:,}"


def _size(value: int, wanted: int | None) -> str:
    """A size; beside it the goal where it is missed."""
    return f"{value:,}" if wanted is None or value <= wanted else f"{value:,} [red]> {wanted:,}"


def operators(cores: Mapping[str, Measurement], nodes: bool) -> Table:
    """Instructions and instructions per MAC of nodes or of their kinds, by core."""
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("node" if nodes else "operators", no_wrap=True)
    table.add_column("MACs", justify="right")
    for core in cores:
        table.add_column(core.removeprefix("cortex-"), justify="right", no_wrap=True)
    rows: dict[str, dict[str, tuple[int, int]]] = {}
    for core, item in cores.items():
        for name, macs, count in _kinds(item.operators, nodes):
            before = rows.setdefault(name, {}).get(core, (0, 0))
            rows[name][core] = (before[0] + macs, before[1] + count)
    for name, by_core in rows.items():
        macs = max(found[0] for found in by_core.values())
        table.add_row(name, f"{macs:,}", *(_cost(*by_core.get(core, (0, 0))) for core in cores))
    return table


def _kinds(items: Iterable[Mapping[str, Any]], nodes: bool) -> Iterator[tuple[str, int, int]]:
    for item in items:
        yield item["name"][-48:] if nodes else item["operator"], item["macs"], item["instructions"]


def _cost(macs: int, count: int) -> str:
    return f"{count:,} [cyan]{count / macs:6.3f}[/]" if macs else f"{count:,}       "


if __name__ == "__main__":
    sys.exit(main())
