"""The published instances within their capacity, and 10,000 buffers: `python -m tests.bench.plan [OUT.md]`.

Writes a table: steps and seconds of the exact planner beside MiniMalloc's seconds on a machine of the same kind.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.planner.problems import scattered, tight
from tests.shared import ROOT

from micrort.planner import Lifetime, Plan, Pool, plan, read_lifetimes

CAPACITY = 1_048_576
MINIMALLOC = {"A": 13.7, "B": 8.3, "D": 6.4, "E": 8.9, "G": 2.5, "I": 8.8, "J": 2.5}
"""Seconds; g++ -O3, one run."""
LARGE = 10_000


def main() -> None:
    rows = ["| instance | buffers | lower bound | size | status | steps | s | MiniMalloc s |", "|---|" + "---:|" * 7]
    for path in sorted((ROOT / "plan").glob("*.csv")):
        items = read_lifetimes(path)
        made, seconds = timed(items, [Pool("ram", CAPACITY)], "auto", budget=100_000_000, minimise=False)
        name = path.name.split(".")[0]
        rows.append(row(name, items, made, seconds, f"{MINIMALLOC[name]:.1f}" if name in MINIMALLOC else ""))
    for name, items in (("scattered", scattered(7, LARGE)), ("tight", tight(1, 1 << 30, 1 << 20, LARGE))):
        for strategy in ("greedy", "auto"):
            made, seconds = timed(items, [Pool("ram")], strategy, budget=LARGE * 50, minimise=True)
            gap = 100 * (made.sizes[0] / made.lower_bounds[0] - 1)
            rows.append(row(f"{name}, {strategy}: {gap:.1f} % above the bound", items, made, seconds, ""))
    text = "\n".join(rows) + "\n"
    print(text, end="")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text)


def timed(items: list[Lifetime], pools: list[Pool], strategy: str, budget: int, minimise: bool) -> tuple[Plan, float]:
    begin = time.perf_counter()
    made = plan(items, pools, strategy, budget, minimise)
    return made, time.perf_counter() - begin


def row(name: str, items: list[Lifetime], made: Plan, seconds: float, other: str) -> str:
    figures = f"{made.lower_bounds[0]:,} | {made.sizes[0]:,} | {made.status} | {made.steps:,} | {seconds:.2f} | {other}"
    return f"| {name} | {len(items)} | {figures} |"


if __name__ == "__main__":
    main()
