"""Lines and branches of runtime/ and include/micrort/ that the tests take: `python -m tests.coverage [TESTS...]`.

Builds the host library with gcov's counters, in a cache of its own, runs the tests that need nothing but this
repository, and prints a table: file x lines x branches. Exits with 1 under 100 %, or where a test fails.

Headers are judged over all units that include them. A body that is compiled once for each kernel (*.inc) is judged in
each of them: what only the int8 convolution takes does not count for the float one. Programs that tests build by
themselves (with sanitisers, for a board) have no counters and do not count.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build/coverage"
TESTS = ("tests/runtime", "tests/native", "tests/operators", "tests/planner")
SKIPPED = "not sanitisers and not target and not safely and not seconds"
"""Tests of libraries and firmware that they build themselves, without counters, and tests of speed."""
FLAGS = "--coverage -O0 -Dalways_inline=noinline -Wno-attributes -fprofile-abs-path -fprofile-update=atomic"
JUDGED = ("runtime", "include/micrort")

Key = tuple[str, str, int]
"""Instance of the file, function, line."""


@dataclass
class FileCoverage:
    """Counters of one source file: of each line, and of each branch of a line."""

    lines: dict[Key, int] = field(default_factory=dict)
    branches: dict[Key, list[int]] = field(default_factory=dict)

    def add(self, key: Key, count: int, branches: list[int]) -> None:
        """Counters of a line, from one unit; those of the same line from other units are added."""
        self.lines[key] = self.lines.get(key, 0) + count
        if branches:
            known = self.branches.get(key, [0] * len(branches))
            assert len(known) == len(branches), f"{key} has other branches in another unit"
            self.branches[key] = [a + b for a, b in zip(known, branches, strict=True)]

    @property
    def missed(self) -> list[tuple[int, str, str]]:
        """Line, instance, and what was not taken there."""
        found = [(line, instance, "line") for (instance, _, line), count in self.lines.items() if count == 0]
        for (instance, function, line), counts in self.branches.items():
            missing = [str(i) for i, count in enumerate(counts) if count == 0]
            if missing and self.lines[instance, function, line]:
                found.append((line, instance, f"branches {', '.join(missing)} of {len(counts)}"))
        return sorted(found)

    @property
    def figures(self) -> tuple[int, int, int, int]:
        """Lines taken, lines, branches taken, branches."""
        branches = [count for counts in self.branches.values() for count in counts]
        taken = sum(count > 0 for count in self.lines.values())
        return taken, len(self.lines), sum(count > 0 for count in branches), len(branches)


def read(reports: Iterable[dict[str, Any]]) -> dict[str, FileCoverage]:
    """gcov's reports, one a unit -> by path from the root of the repository."""
    files: dict[str, FileCoverage] = defaultdict(FileCoverage)
    for report in reports:
        for entry in report["files"]:
            path = Path(entry["file"])
            path = path if path.is_absolute() else ROOT / path
            name = os.path.relpath(os.path.normpath(path), ROOT)
            if not name.startswith(JUDGED):
                continue
            instance = Path(report["unit"]).stem if name.endswith(".inc") else ""
            for line in entry["lines"]:
                branches = [branch["count"] for branch in line["branches"]]
                key = instance, line.get("function_name", ""), line["line_number"]
                files[name].add(key, line["count"], branches)
    return dict(files)


def reports(notes: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """What gcov says of each unit; `notes`: its .gcno files, whose names begin with the unit's."""
    for path in notes:
        command = ["gcov", "--json-format", "--branch-probabilities", "--stdout", str(path)]
        done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=True)
        for text in done.stdout.splitlines():
            yield {**json.loads(text), "unit": path.name.rsplit("-", 1)[0]}


def table(files: dict[str, FileCoverage]) -> tuple[str, bool]:
    """The table, behind it what was missed; and whether nothing was."""
    rows = [f"{'file':<56}{'lines':>14}{'branches':>14}"]
    sums = [0, 0, 0, 0]
    for name, coverage in sorted(files.items()):
        figures = coverage.figures
        sums = [a + b for a, b in zip(sums, figures, strict=True)]
        rows.append(f"{name:<56}{_share(*figures[:2]):>14}{_share(*figures[2:]):>14}")
    rows.append(f"{'total':<56}{_share(*sums[:2]):>14}{_share(*sums[2:]):>14}")
    for name, coverage in sorted(files.items()):
        rows += [
            f"{name}:{line}: {what} not taken{f' in {unit}' if unit else ''}" for line, unit, what in coverage.missed
        ]
    return "\n".join(rows), sums[0] == sums[1] and sums[2] == sums[3]


def _share(taken: int, count: int) -> str:
    return f"{taken}/{count}" + ("" if taken == count else f" {100 * taken / count:.1f}%")


def main(tests: list[str]) -> int:
    """Build, run, count; the exit code."""
    shutil.rmtree(WORK, ignore_errors=True)
    environment = {
        **os.environ,
        "MICRORT_NATIVE_CFLAGS": FLAGS,
        "MICRORT_CACHE": str(WORK),
        "CC": "gcc",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(WORK / "hypothesis"),
    }
    # Built by one process, so that each unit has one set of counters.
    build = [sys.executable, "-c", "from micrort.native import library; library.load()"]
    subprocess.run(build, cwd=ROOT, env=environment, check=True)
    notes = sorted((WORK / "native/objects").glob("*.gcno"))
    command = [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider"]
    command += ["--hypothesis-seed=0", *(tests or (*TESTS, "-k", SKIPPED))]
    status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    text, complete = table(read(reports(notes)))
    print(text)
    return 0 if complete and status == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
