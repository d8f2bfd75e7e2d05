"""How far instructions per inference vary with the input: `python -m tests.bench.variation MODEL... [options]`.

Runs N inputs (random ones, and constants at and between the ends of the dtype's range) on an emulated core and prints
least, most and spread. No loop of the executor or of a kernel runs longer for other data; what remains are branches on
values: clamps, rounding of negative numbers, zero points, and the C library's functions for floats.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micrort import packages
from micrort.compiler import CompileOptions
from micrort.devices import boards
from micrort.ir.executor_graph import TensorEntry
from micrort.mlf import Package
from micrort.project.emulator import emulate


@dataclass(frozen=True)
class Variation:
    """Instructions of some inferences."""

    least: int
    most: int
    inputs: int

    @property
    def spread(self) -> float:
        """Most over least, less one."""
        return self.most / self.least - 1


def samples(entry: TensorEntry, count: int) -> list[np.ndarray]:
    """Inputs that drive values to both ends and to the middle, then random ones of several widths."""
    rng = np.random.default_rng(5)
    integer = np.issubdtype(entry.dtype.numpy, np.integer)
    low, high = (np.iinfo(entry.dtype.numpy).min, np.iinfo(entry.dtype.numpy).max) if integer else (-10, 10)
    found = [np.full(entry.shape, value) for value in (low, high, (low + high) // 2)]
    while len(found) < count:
        width = (1.0, 0.25, 0.02)[len(found) % 3]
        found.append(np.clip(rng.uniform(low * width, high * width + 1, entry.shape), low, high))
    return [np.asarray(item).astype(entry.dtype.numpy) for item in found[:count]]


def measure(package: Package, machine: str, count: int) -> Variation:
    """Instructions of `count` inferences, each in a run of its own."""
    (entry,) = (package.graph.tensors[index] for index in package.graph.inputs)
    found = [emulate(package, machine, [{entry.name: value}]).instructions for value in samples(entry, count)]
    return Variation(min(found), max(found), len(found))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row for each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--machine", default="mps2-an386")
    parser.add_argument("--inputs", type=int, default=12)
    options = parser.parse_args(arguments)
    target = boards.for_machine(options.machine).target.name
    print(f"{'model on ' + options.machine:<32} {'inputs':>6} {'least':>14} {'most':>14} {'spread':>9}")
    for path in options.models:
        package = packages.obtain(path, CompileOptions(target=target))
        found = measure(package, options.machine, options.inputs)
        row = f"{path.stem:<32} {found.inputs:>6} {found.least:>14,} {found.most:>14,} {100 * found.spread:>8.3f}%"
        print(row, flush=True)


if __name__ == "__main__":
    main()
