"""One measurement: a model on an emulated core. Kept in the cache by the very bytes that would run."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from micrort import inputs, packages, sources
from micrort.commands.run import crc32
from micrort.compiler import CompileOptions
from micrort.devices import boards
from micrort.errors import MicrortError
from micrort.mlf import Package
from micrort.project import build
from micrort.project.emulator import emulate

CORES = {
    "cortex-m0plus": "mps2-an385",
    "cortex-m3": "mps2-an385",
    "cortex-m4": "mps2-an386",
    "cortex-m7": "mps2-an500",
    "cortex-m33": "mps2-an505",
    "cortex-m55": "mps3-an547",
}
"""Core -> the machine that runs its code. The M3 of an385 also runs code for the M0+."""
INPUTS = "lcg:12345"
KEPT_DAYS = 14
"""How long a measurement stays in the cache."""


@dataclass(frozen=True)
class Case:
    """A model to compile for a core and to run."""

    path: Path
    core: str
    optimize: str = "balanced"
    max_ram: int | None = None
    """As of CompileOptions."""

    @property
    def label(self) -> str:
        """How results.json calls it."""
        return f"{self.path.stem} {self.core} {self.optimize}"


@dataclass(frozen=True)
class Measurement:
    """What a case needs. Instructions of one inference after a warm-up; sizes in bytes."""

    instructions: int
    init_instructions: int
    code_bytes: int
    weights_bytes: int
    arena_bytes: int
    stack_bytes: int
    """Measured in an inference."""
    stack_bound_bytes: int
    """What an inference can take at most, by analysis."""
    static_ram_bytes: int
    macs: int
    outputs: dict[str, str]
    """Name -> CRC-32."""
    operators: list[dict[str, Any]]
    """For each node: name, operator, kernel, instructions, macs, elements (of output 0)."""

    @property
    def per_mac(self) -> float:
        """Instructions per multiply-accumulate."""
        return self.instructions / max(1, self.macs)


@dataclass(frozen=True)
class Refusal:
    """Why a case has no measurement."""

    reason: str


def measure(case: Case) -> Measurement | Refusal:
    """Build and run a case, or take from the cache what the same firmware gave before."""
    try:
        options = CompileOptions(target=case.core, optimize=case.optimize, max_ram=case.max_ram)
        package = packages.obtain(case.path, options)
        machine = CORES[case.core]
        board = boards.for_machine(machine)
        made = build.firmware(package, board, board.resolve(case.core))
        kept = sources.cache() / "bench" / f"{_key(made, package)}.json"
        if kept.exists():
            return Measurement(**json.loads(kept.read_text()))
        found = _run(package, machine)
    except MicrortError as error:
        return Refusal(" ".join(str(error).split()))
    kept.parent.mkdir(parents=True, exist_ok=True)
    _forget_old(kept.parent)
    kept.write_text(json.dumps(asdict(found)))
    return found


def _run(package: Package, machine: str) -> Measurement:
    graph = package.graph
    arrays = inputs.make(INPUTS, [graph.tensors[index] for index in graph.inputs])
    run = emulate(package, machine, [arrays], profile=True)
    operators = [
        {**described, "macs": node.macs, "elements": math.prod(graph.tensors[node.outputs[0]].shape)}
        for described, node in zip(run.operators, graph.nodes, strict=True)
    ]
    return Measurement(
        run.instructions,
        run.init_instructions,
        run.code_bytes,
        run.weights_bytes,
        sum(arena.size for arena in graph.arenas),
        run.stack_bytes,
        run.stack_bound_bytes,
        run.static_ram_bytes,
        sum(node.macs for node in graph.nodes),
        {name: f"{crc32(array):08x}" for name, array in run.outputs[0].items()},
        operators,
    )


def _key(made: build.Firmware, package: Package) -> str:
    """Digest of what the images load, of figures made from them, and of the names that the measurement shows; debug
    information does not count."""
    graph = package.graph
    names = [(node.name, node.operator, node.kernel, node.macs) for node in graph.nodes]
    shape = ([field.name for field in fields(Measurement)], INPUTS, names, [arena.size for arena in graph.arenas])
    digest = hashlib.sha256(repr(shape).encode())
    for image in (made.image, made.footprint):
        with image.open("rb") as file:
            for segment in ELFFile(file).iter_segments("PT_LOAD"):
                digest.update(repr((segment["p_paddr"], segment["p_memsz"])).encode() + segment.data())
    digest.update(made.figures.read_bytes())
    return digest.hexdigest()[:32]


def _forget_old(folder: Path) -> None:
    limit = time.time() - KEPT_DAYS * 86_400
    for path in folder.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):  # another process may be doing the same
            if path.stat().st_mtime < limit:
                path.unlink()


def measure_all(cases: Sequence[Case], jobs: int) -> dict[Case, Measurement | Refusal]:
    """Measure all cases, several at a time, with progress on standard error; in the order of `cases`."""
    found: dict[Case, Measurement | Refusal] = {}
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(measure, case): case for case in cases}
        for future in _shown(waiting.__getitem__, as_completed(waiting), len(cases)):
            found[waiting[future]] = future.result()
    return {case: found[case] for case in cases}


def _shown(case_of: Callable[[Any], Case], futures: Iterator[Any], count: int) -> Iterator[Any]:
    """The futures as they complete: a bar on a terminal, else a line for each."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<50}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("building", total=count)
        for done, future in enumerate(futures, 1):
            progress.update(task, advance=1, description=case_of(future).label)
            if not console.is_terminal:
                console.print(f"[{done}/{count}] {case_of(future).label}", markup=False, highlight=False)
            yield future
