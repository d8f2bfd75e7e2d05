"""Builds the fuzzing harnesses with clang, ASan and UBSan, and runs them.

python -m tests.fuzz.harness [--seconds N] [--harness NAME …]   (scons fuzz SECONDS=N)
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from micrort import sources

HERE = Path(__file__).resolve().parent
HARNESSES = {
    "graph": ("fuzz_graph.c", "model.c", "mutate.c"),
    "params": ("fuzz_params.c", "model.c", "mutate.c"),
    "plan": ("fuzz_plan.c",),
}
"""Name -> its units."""
CORPORA = {"graph": "models", "params": "models", "plan": "plan"}
"""Name -> the folder of its seeds and of what it once found, under corpus."""
COMPILER = "clang"
FLAGS = ("-std=c11", "-O1", "-g", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
SANITISERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
FINDINGS = HERE.parents[1] / "build" / "fuzz"
LENGTH_MAX = {"graph": 8192, "params": 8192, "plan": 192}
"""Bytes of an input."""


@dataclass(frozen=True)
class Result:
    """What came of a run."""

    harness: str
    executions: int
    ran: int
    """Models that got through all checks and were run, twice each."""
    failed: bool
    output: str


def is_available() -> bool:
    """Whether the harnesses can be built here."""
    return shutil.which(COMPILER) is not None


def corpus(harness: str) -> list[Path]:
    """The committed inputs of a harness."""
    return sorted(path for path in (HERE / "corpus" / CORPORA[harness]).iterdir() if path.is_file())


def build(harness: str, replaced: Mapping[str, Path] | None = None) -> Path:
    """The program of a harness; objects are kept in the cache by what goes into them.

    Args:
        harness: one of HARNESSES.
        replaced: units of the runtime, by their path, for which others are to be taken.
    """
    if not is_available():
        raise FileNotFoundError(f"{COMPILER} not found: ./dev installs it (Debian: apt-get install clang)")
    root = sources.root()
    runtime = {unit.relative_to(root).as_posix(): unit for unit in sorted(root.glob("runtime/**/*.c"))}
    units = [*(HERE / name for name in HARNESSES[harness]), *{**runtime, **(replaced or {})}.values()]
    patterns = ("include/**/*.h", "include/**/*.def", "runtime/**/*.h", "runtime/**/*.inc")
    shared = [*(path for pattern in patterns for path in sorted(root.glob(pattern))), *sorted(HERE.glob("*.h"))]
    common = _digest(shared)
    folder = sources.cache() / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    include = (f"-I{root / 'include'}", f"-I{root}")

    def compile_unit(unit: Path) -> Path:
        target = folder / f"{unit.stem}-{_digest([unit], common)}.o"
        if not target.exists():
            partial = target.with_suffix(f".{os.getpid()}.tmp")
            command = [COMPILER, *FLAGS, "-fsanitize=fuzzer-no-link", *SANITISERS, *include, "-c", str(unit)]
            subprocess.run([*command, "-o", str(partial)], check=True)
            partial.replace(target)
        return target

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_unit, units))
    program = folder / f"fuzz_{harness}-{_digest([], ''.join(path.name for path in objects))}"
    if not program.exists():
        partial = program.with_suffix(f".{os.getpid()}.tmp")
        command = [COMPILER, "-fsanitize=fuzzer", *SANITISERS, *map(str, objects), "-lm", "-o", str(partial)]
        subprocess.run(command, check=True)
        partial.replace(program)
    return program


def replay(harness: str) -> subprocess.CompletedProcess[str]:
    """Run every committed input once."""
    return subprocess.run([build(harness), *corpus(harness)], capture_output=True, text=True, check=False)


def fuzz(
    harness: str,
    seconds: int,
    seed: int = 1,
    runs: int = -1,
    program: Path | None = None,
    findings: Path = FINDINGS,
    inputs: Path | None = None,
) -> Result:
    """Search from `inputs`, else the committed ones, for so many seconds or runs; findings are left in `findings`."""
    program = program or build(harness)
    inputs = inputs or HERE / "corpus" / CORPORA[harness]
    findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="micrort-fuzz-") as work:
        command = [
            *(str(program), work, str(inputs)),
            *(f"-max_total_time={seconds}", f"-max_len={LENGTH_MAX[harness]}", f"-seed={seed}", f"-runs={runs}"),
            # a model that was changed in many places is nearly always refused
            f"-mutate_depth={1 if harness in ('graph', 'params') else 5}",
            *("-timeout=20", "-print_final_stats=1", f"-artifact_prefix={findings}/{harness}-"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Result(
        harness,
        stat("number_of_executed_units", done.stderr),
        stat("models_run", done.stderr),
        done.returncode != 0,
        done.stderr,
    )


def stat(name: str, output: str) -> int:
    """A figure that a harness prints at its end; 0 where it printed none."""
    found = re.search(rf"stat::{name}: +(\d+)", output)
    return int(found[1]) if found else 0


def _digest(files: list[Path], text: str = "") -> str:
    digest = hashlib.sha256(repr((COMPILER, FLAGS, SANITISERS, text)).encode())
    for path in files:
        digest.update(str(path.name).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:24]


def main() -> int:
    """The command line; 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each harness")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--harness", nargs="*", choices=list(HARNESSES), default=list(HARNESSES))
    arguments = parser.parse_args()
    found = 0
    for name in arguments.harness:
        result = fuzz(name, arguments.seconds, arguments.seed)
        verdict = "a FINDING" if result.failed else "no finding"
        print(f"{name}: {result.executions:,} executions, {result.ran:,} models run, {verdict}", flush=True)
        if result.failed:
            found = 1
            print("\n".join(result.output.splitlines()[-60:]), file=sys.stderr)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
