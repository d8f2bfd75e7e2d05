"""Mutation check of the C core: `python -m tests.mutation [--unit RUNTIME/FILE.c] [--sample N] [--seed N]`.

Makes small faults in the C, one at a time, and counts those that the quick tests of the unit find. Prints a table and
the survivors; exits with 1 where fewer than 90 % of a group are killed. Mutants that change nothing that anyone can
observe are listed in equivalent.txt, with the reason. What becomes of a unit whose mutants are all judged is noted in
survivors.txt. A run that was stopped goes on where it was: verdicts are kept for as long as unit and tests stay.

Mull and its kin need plug-ins for a particular LLVM, and regular expressions on lines (universalmutator) break macros
and declarations and cannot skip what the compiler proves equal; see operators.py and judge.py for what this one does.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.mutation.judge import KILLED, ROOT, SAME, SURVIVED, TIMEOUT, Judge, prepare, units
from tests.mutation.operators import Mutant, mutants
from tests.mutation.record import Verdicts, write_survivors

GOAL = 90.0
"""Percent of a group's mutants that must be killed."""
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
EQUIVALENT_VERDICT = "equivalent"
BLOB = (
    ("tests/runtime/test_blob_corners.py",),
    ("tests/runtime/test_blob.py", "-k", "not sanitisers and not target"),
)
GRAPH = (
    ("tests/runtime/test_graph_check.py", "tests/runtime/test_graph_check_limits.py"),
    ("tests/runtime/test_graph_plan.py", "tests/runtime/test_executor.py"),
)
PLANNER = (
    ("tests/runtime/test_plan_golden.py",),
    ("tests/runtime/test_plan.py", "tests/runtime/test_plan_corners.py"),
    ("tests/planner/test_in_place.py", "-k", "not optimum and not proper"),
    ("tests/planner/test_plan.py", "-k", "not ten_thousand and not published"),
)
CHECKS = ("tests/runtime/kernels/test_checks.py", "tests/runtime/kernels/test_corners.py")
PRODUCTS = ("tests/runtime/kernels/test_product_checks.py", "-k", "not safely")


@dataclass(frozen=True)
class Rule:
    """Units of a pattern, and the quick tests that judge them, in stages."""

    pattern: str
    group: str
    stages: tuple[tuple[str, ...], ...]
    sample: int | None = None
    """Mutants of each unit, where not all are judged."""


RULES = (
    Rule("runtime/status.c", "core", (("tests/runtime/test_status.py",),)),
    Rule(
        "runtime/executor.c",
        "core",
        (
            ("tests/runtime/test_executor.py", "tests/runtime/test_executor_streams.py"),
            ("tests/native/test_executor.py",),
        ),
    ),
    Rule("runtime/copy.c", "core", (("tests/runtime/test_copy.py",),)),
    Rule("runtime/graph_seal.c", "core", (("tests/runtime/test_graph_seal.py",),)),
    Rule("runtime/graph_plan.c", "core", (("tests/runtime/test_graph_plan.py", "tests/runtime/test_executor.py"),)),
    Rule("runtime/graph_check.c", "core", GRAPH),
    Rule("runtime/blob.c", "core", BLOB),
    Rule("runtime/crc32.c", "core", BLOB),
    Rule("runtime/plan*.c", "planner", PLANNER),
    Rule("runtime/kernels/in_place.c", "kernels", (("tests/runtime/kernels/test_in_place.py",),)),
    Rule("runtime/kernels/fixed_point.c", "kernels", (("tests/runtime/kernels/test_fixed_point.py",),)),
    Rule(
        "runtime/kernels/check.c",
        "kernels",
        (CHECKS, ("tests/runtime/kernels/test_fixed_point.py",), PRODUCTS),
    ),
    Rule("runtime/kernels/window.c", "kernels", (CHECKS, ("tests/runtime/kernels/test_pool2d.py",)), 40),
    Rule("runtime/kernels/convolution.c", "kernels", (CHECKS, PRODUCTS), 40),
    Rule(
        "runtime/kernels/fully_connected.c",
        "kernels",
        (CHECKS, PRODUCTS, ("tests/runtime/kernels/test_fully_connected.py",)),
        40,
    ),
    *(
        Rule(f"runtime/kernels/{name}.c", "kernels", (CHECKS, (f"tests/runtime/kernels/test_{name}.py",)), 40)
        for name in ("pool2d", "mean", "binary", "softmax")
    ),
    *(
        Rule(f"runtime/kernels/portable/{name}.c", "kernels", (CHECKS, ("tests/operators/test_movement.py",)), 40)
        for name in ("pad", "concatenation", "strided_copy", "resize_nearest")
    ),
)


def equivalent() -> dict[tuple[str, str], str]:
    """(unit, change) -> reason, from equivalent.txt: three lines a mutant, blank lines between."""
    found = {}
    for block in EQUIVALENT.read_text().split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            unit, change, reason = lines
            found[unit, change] = reason
    return found


_judge: Judge | None = None


def _begin(stages: tuple[tuple[str, ...], ...]) -> None:
    global _judge
    _judge = Judge(stages)


def _verdict(mutant: Mutant) -> str:
    assert _judge is not None
    return _judge.judge(mutant)


def judge_unit(unit: str, rule: Rule, sample: int | None, seed: int, jobs: int) -> Counter[str]:
    """Judge a unit's mutants on `jobs` processes; prints the survivors; counts by verdict."""
    found = mutants(unit, (ROOT / unit).read_text())
    number = sample or rule.sample
    whole = number is None or number >= len(found)
    if number is not None and not whole:
        chosen = set(random.Random(f"{seed} {unit}").sample(range(len(found)), number))
        found = [mutant for index, mutant in enumerate(found) if index in chosen]
    begin = time.monotonic()
    verdicts = Verdicts(unit, rule.stages)
    left = [mutant for mutant in found if mutant not in verdicts]
    if left:
        with multiprocessing.get_context("fork").Pool(jobs, _begin, (rule.stages,)) as pool:
            for mutant, verdict in zip(left, pool.imap(_verdict, left), strict=True):
                verdicts.add(mutant, verdict)
    known = equivalent()
    counts: Counter[str] = Counter()
    survivors = []
    for mutant in found:
        verdict = verdicts.of(mutant)
        is_known = (unit, mutant.change) in known
        if verdict == SURVIVED and is_known:
            verdict = EQUIVALENT_VERDICT
        counts[verdict] += 1
        if verdict == SURVIVED:
            survivors.append(f"    {unit}:{mutant.line}: {mutant.operator}\n        {mutant.change}")
        elif verdict != EQUIVALENT_VERDICT and is_known:
            print(f"    {unit}:{mutant.line}: not equivalent after all: {mutant.change}", flush=True)
    print(*survivors, row(unit, counts, f"{time.monotonic() - begin:.0f} s"), sep="\n", flush=True)
    if whole:
        write_survivors(unit, row(unit, counts), survivors)
    return counts


def share(counts: Counter[str]) -> float:
    """Percent killed of those that are mutants."""
    dead = counts[KILLED] + counts[TIMEOUT]
    return 100.0 * dead / max(dead + counts[SURVIVED], 1)


def row(name: str, counts: Counter[str], note: str = "") -> str:
    """A line of the table."""
    numbers = "".join(f"{counts[verdict]:>{8 + len(verdict) - 6}}" for verdict in VERDICTS)
    return f"{name:<44}{numbers}{share(counts):>8.1f} % {note:>8}".rstrip()


VERDICTS = (KILLED, TIMEOUT, SURVIVED, EQUIVALENT_VERDICT, SAME)


def main() -> int:
    """The command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--unit", default="*", help="pattern of paths, as runtime/plan*.c; default: all")
    parser.add_argument("--sample", type=int, help="judge only so many mutants of each unit")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    chosen = parser.parse_args()
    rules = [(unit, next((rule for rule in RULES if fnmatch(unit, rule.pattern)), None)) for unit in units()]
    print(f"{'unit':<44}" + "".join(f"{verdict:>{8 + len(verdict) - 6}}" for verdict in VERDICTS) + f"{'killed':>9}")
    groups: dict[str, Counter[str]] = {}
    prepare()
    for unit, rule in rules:
        if rule is not None and fnmatch(unit, chosen.unit):
            counts = judge_unit(unit, rule, chosen.sample, chosen.seed, chosen.jobs)
            groups.setdefault(rule.group, Counter()).update(counts)
    for group, counts in groups.items():
        print(row(group, counts))
    return 0 if groups and all(share(counts) >= GOAL for counts in groups.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
