"""A 32-bit core gives the answers of this 64-bit workstation: plans to the step, verdicts on damaged blobs, bytes."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.executor_graphs import chain
from tests.ports import firmware
from tests.runtime.test_blob import STATUSES, Bench, damaged
from tests.runtime.test_plan_golden import SEEDS, STRATEGIES, golden_answers, options_of, problem

from micrort import sources
from micrort.codegen import tables
from micrort.devices import boards
from micrort.ir.executor_graph import ExecutorGraph
from micrort.project import build
from micrort.transport import qemu

HERE = Path(__file__).parent
ARENA = 4096
MACHINES = [("mps2-an386", None), ("mps2-an385", "cortex-m0plus")]
SOLVED = {0: "OK", 1: "ERR_ARGUMENT", 10: "ERR_INFEASIBLE", 11: "ERR_BUDGET"}


def questions(folder: Path) -> None:
    """The problems of the golden file, for target.c."""
    with (folder / "plan.bin").open("wb") as file:
        for seed in range(SEEDS):
            case = problem(seed)
            counts = case.struct.buffer_count, case.struct.pool_count, case.struct.pair_count
            strategy, goal, budget = options_of(seed)
            file.write(struct.pack("<6I", *counts, STRATEGIES.index(strategy), goal, budget))
            for array, count in zip((case.buffers, case.pools, case.pairs), counts, strict=True):
                file.write(bytes(case.ffi.buffer(array))[: count * case.ffi.sizeof(array[0])])


def golden(line: str) -> str:
    """A line of the target as the golden file has it."""
    status, rest = line.split(" ", 1)
    name = SOLVED[int(status)]
    return name if name == "ERR_ARGUMENT" else f"{name} {rest[:-10]}{rest[-8:].lower()}"


def answer(bench: Bench, data: bytes) -> tuple[int, int]:
    """What the host says of a blob: as `load` and `infer` of target.c."""
    ffi, lib = bench.ffi, bench.lib
    name = bench.load_bytes(data)
    status = next(value for value, text in STATUSES.items() if text == name)
    if status != 0:
        return status % 2**32, 0
    room = ffi.new("uint8_t[]", 2 * ARENA + 16)
    base = room + (-int(ffi.cast("uintptr_t", room)) % 16)
    ffi.buffer(base, 2 * ARENA)[:] = b"\x3c" * (2 * ARENA)
    memory = ffi.new("mrt_memory_t[]", [(base, ARENA), (base + ARENA, ARENA)])
    executor = ffi.new("mrt_executor_t *")
    failed = lib.mrt_executor_init(executor, bench.loaded, memory, 2) or lib.mrt_executor_run(executor)
    return 0, failed % 2**32 if failed else zlib.crc32(bytes(ffi.buffer(base, 2 * ARENA)))


@pytest.mark.parametrize(("machine", "target"), MACHINES)
def test_the_answers_are_those_of_the_host(machine: str, target: str | None, tmp_path: Path) -> None:
    bench = Bench()
    blobs = list(damaged(bench))
    questions(tmp_path)
    (tmp_path / "blobs.bin").write_bytes(b"".join(struct.pack("<I", len(data)) + data for data in blobs))
    units = [str(path) for path in sorted((sources.root() / "runtime").rglob("*.c"))]
    # The host's library proves graphs, too, for which it takes the arenas.
    parts = ["-DMRT_INIT_PROVES_GRAPH=1", *units]
    image = firmware.build(tmp_path, machine, (HERE / "target.c").read_text(), target, parts)
    printed = qemu.run(image, machine, tmp_path, timeout=300)

    expected = [line.split(": ")[1] for line in golden_answers()]
    assert [golden(line) for line in printed.splitlines()] == expected
    answers = list(struct.iter_unpack("<2I", (tmp_path / "answers.bin").read_bytes()))
    assert answers == [answer(bench, data) for data in blobs]
    assert len({status for status, _ in answers}) > 4


INIT = """
#include "ports/rtos/bare/port.h"

int main(void)
{
    static mrt_executor_t executor;
    mrt_port_print(mrt_status_text(mrt_chain1_init(&executor)));
    return 0;
}
"""


def says_init(folder: Path, graph: ExecutorGraph, prove: bool, seal: str | None = None) -> str:
    """What mrt_executor_init says of a graph's tables on an M4, of which another seal may be claimed."""
    folder.mkdir()
    (folder / tables.header_name(graph)).write_text(tables.header(graph, "graph"))
    text = tables.tables(graph)
    own = text.partition(".seal = ")[2].partition(",")[0]
    (folder / "tables.c").write_text(text.replace(f".seal = {own}", f".seal = {seal or own}"))
    (folder / "arenas.c").write_text(tables.arenas(graph))
    library = build.library(boards.for_machine("mps2-an386").target, prove=prove)
    parts = [f"-I{folder}", str(folder / "tables.c"), str(folder / "arenas.c"), f"-DMRT_INIT_PROVES_GRAPH={int(prove)}"]
    text = f'#include "{tables.header_name(graph)}"\n{INIT}'
    return qemu.run(firmware.build(folder, "mps2-an386", text, None, [*parts, str(library)]), "mps2-an386", folder)


def test_init_compares_the_seal_and_proves_the_plan_where_it_is_built_to(tmp_path: Path) -> None:
    sound = chain(1, pools=2).graph
    entry = sound.tensors[sound.nodes[0].outputs[0]]
    lost = replace(entry, pool=0, offset=16)  # over the input of its own node
    overlapping = replace(
        sound,
        tensors=tuple(lost if tensor is entry else tensor for tensor in sound.tensors),
        arenas=tuple(replace(arena, size=512) for arena in sound.arenas),
    )
    assert says_init(tmp_path / "sealed", sound, prove=False) == "success"
    assert "checksum" in says_init(tmp_path / "damaged", sound, prove=False, seal="0x12345678u")
    assert says_init(tmp_path / "trusted", overlapping, prove=False) == "success"
    assert says_init(tmp_path / "proved", sound, prove=True) == "success"
    assert "overlap" in says_init(tmp_path / "refused", overlapping, prove=True)
