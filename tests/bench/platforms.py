"""Which platform was built, run and compared on which board: the table of docs/platforms.md, made by doing it.

`python -m tests.bench.platforms [--type T]... [--board B]...` makes a project of tests/models/digits_int8.tflite for
each type and board, builds it, runs it where the board is emulated, and compares the outputs with LiteRT's. Rows of
other types and boards stay as they are. Trees come from the environment (`micrort doctor`); without one the
row says so.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tests.ports.stm32f746 import Part, SerialLine

from micrort import compiler, places, sources
from micrort.commands.run import crc32
from micrort.devices import boards
from micrort.errors import MicrortError, UsageError
from micrort.inputs import make
from micrort.mlf import Package
from micrort.project import actions, create, platforms, service
from micrort.reference.litert import LiteRTReference

MODEL = sources.root() / "tests/models/digits_int8.tflite"
PAGE = sources.root() / "docs/platforms.md"
TABLE = re.compile(r"(<!-- made by python -m tests.bench.platforms -->\n).*?(?=\n\n|\Z)", re.DOTALL)
HEAD = "| platform | board | built | run | compared with LiteRT |\n|---|---|---|---|---|\n"
SEEDS = range(1, 11)
TREES = {
    "freertos": "FREERTOS_KERNEL_PATH",
    "threadx": "THREADX_PATH",
    "zephyr": "ZEPHYR_BASE",
    "mbed": "MBED_OS_PATH",
    "stm32cube": "STM32CUBE_PATH",
}
PARTS = ("nucleo_f746zg", "stm32f746g_disco")
"""Boards whose images a model of the part executes (tests/ports/stm32f746.py)."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a type on a board; each cell in words."""

    built: str
    run: str = "-"
    compared: str = "-"


def reference(values: np.ndarray) -> np.ndarray:
    """LiteRT's output."""
    litert = LiteRTReference(MODEL.read_bytes())
    *_, (_, outputs) = litert.run({litert.inputs[0]: values})
    found: np.ndarray = outputs[litert.outputs[0]]
    return found


def inputs(package: Package, seed: int) -> dict[str, np.ndarray]:
    """The inputs lcg:SEED."""
    return make(f"lcg:{seed}", [package.graph.tensors[index] for index in package.graph.inputs])


def by_requests(package: Package, folder: Path) -> Seen:
    """Firmware that serves requests."""
    given = [inputs(package, seed) for seed in SEEDS]
    result = places.Project(folder, "").run(package, given)
    equal = sum(
        np.array_equal(next(iter(outputs.values())), reference(next(iter(values.values()))))
        for outputs, values in zip(result.outputs, given, strict=True)
    )
    return Seen("yes", "QEMU", f"{equal} of {len(given)} equal")


def by_requests_to_part(package: Package, part: Part) -> Seen:
    """The same, on the model of the part."""
    line = SerialLine(part)
    service.skip_behind(line, service.READY, service.START_SECONDS)
    given = [next(iter(inputs(package, seed).values())) for seed in SEEDS]
    equal = sum(service.infer(line, values.tobytes()) == reference(values).tobytes() for values in given)
    return Seen("yes", "unicorn", f"{equal} of {len(given)} equal")


def by_console(package: Package, printed: str, where: str) -> Seen:
    """Firmware that prints its example's checksum."""
    (values,) = inputs(package, 12345).values()
    equal = f"crc32 0x{crc32(reference(values)):08x}" in printed and "success" in printed
    return Seen("yes", where, "1 of 1 equal" if equal else "differs")


def look(kind: str, board: str, folder: Path) -> Seen:
    """Make a project, build it, run it."""
    if kind in TREES and not os.environ.get(TREES[kind]):
        return Seen(f"no: {TREES[kind]} is not set")
    package = compiler.compile_model(MODEL, compiler.CompileOptions(boards.board(board).target.name))
    create.create(kind, package, folder, board=board, target=None, options={})
    try:
        actions.build(folder)
    except actions.ProjectError as error:
        return Seen(f"no: {str(error).splitlines()[-1][:60]}")
    described = actions.describe(folder)
    if kind in ("baremetal", "stm32cube", "freertos", "threadx") and board in PARTS:
        uart = boards.board(board).uart
        assert uart is not None
        part = Part(folder / described["image"], uart.base, interrupt=uart.interrupt)
        if kind in ("freertos", "threadx"):
            return by_requests_to_part(package, part)
        part.run()
        return by_console(package, part.printed, "unicorn")
    if "run" not in described["commands"]:
        return Seen("yes")
    if kind == "baremetal":
        command = described["commands"]["run"]
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return by_console(package, done.stdout, "QEMU")
    return by_requests(package, folder)


def supported(kind: str, board: str) -> bool:
    """Whether a type makes projects for a board at all, as its own check says."""
    with tempfile.TemporaryDirectory() as work, contextlib.suppress(UsageError):
        package = compiler.compile_model(MODEL, compiler.CompileOptions(boards.board(board).target.name))
        create.create(kind, package, Path(work) / "p", board=board, target=None, options={})
        return True
    return False


def rows(text: str) -> dict[tuple[str, str], Seen]:
    """The rows of the table that is there."""
    table = TABLE.search(text)
    cells = re.findall(r"^\| (\w+) \| (\w+) \| (.*?) \| (.*?) \| (.*?) \|$", table[0] if table else "", re.MULTILINE)
    return {(kind, board): Seen(*seen) for kind, board, *seen in cells if kind in platforms.NAMES}


def write(page: Path, found: dict[tuple[str, str], Seen]) -> None:
    """Put the table into a page."""
    order = {kind: index for index, kind in enumerate(platforms.NAMES)}
    lines = [
        f"| {kind} | {board} | {seen.built} | {seen.run} | {seen.compared} |"
        for (kind, board), seen in sorted(found.items(), key=lambda item: (order[item[0][0]], item[0][1]))
    ]
    text = page.read_text(encoding="utf-8")
    page.write_text(TABLE.sub(lambda match: match[1] + HEAD + "\n".join(lines), text), encoding="utf-8")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--type", action="append", choices=platforms.NAMES)
    parser.add_argument("--board", action="append", choices=boards.names())
    parser.add_argument(
        "--page", type=Path, default=PAGE, help="Page to write the table to, instead of docs/platforms.md."
    )
    given = parser.parse_args()
    for kind in given.type or platforms.NAMES:
        for board in given.board or boards.names():
            if board == "template" or not supported(kind, board):
                continue
            with tempfile.TemporaryDirectory(prefix="micrort-") as work:
                try:
                    seen = look(kind, board, Path(work) / "project")
                except (MicrortError, AssertionError) as error:
                    seen = Seen("yes", f"no: {str(error).splitlines()[0][:60]}")
            print(kind, board, seen.built, seen.run, seen.compared, sep="  ", flush=True)
            write(given.page, {**rows(given.page.read_text(encoding="utf-8")), (kind, board): seen})


if __name__ == "__main__":
    main()
