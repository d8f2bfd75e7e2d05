"""mrt_graph_load: every status, and that whatever is damaged is refused or safe to run."""

from __future__ import annotations

import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.executor_graphs import chain
from tests.fuzz import harness

from micrort.codegen import blob
from micrort.compiler import compile_model
from micrort.devices import boards
from micrort.errors import TargetError
from micrort.ir.executor_graph import ExecutorGraph
from micrort.mlf import Blob
from micrort.native import kernels, library
from micrort.native.executor import HostExecutor
from micrort.native.memory import GuardedMemory
from micrort.project import build
from micrort.project.emulator import emulate
from micrort.transport import qemu

MODELS = Path(__file__).parents[1] / "models"
STATUSES = {
    0: "OK", -1: "ARGUMENT", -3: "MEMORY", -4: "ALIGNMENT", -5: "GRAPH", -6: "KERNEL", -7: "ATTRIBUTE", -8: "PLAN",
    -9: "LIMIT", -13: "FORMAT", -14: "CHECKSUM",
}  # fmt: skip
HEADER, SECTION = 32, 12
TENSORS, NODES, STEPS, ARGS, ATTRS, INPUTS, OUTPUTS, POOLS, KERNELS, ROWS, TEXT = range(11)


class Bench:
    """A loader with room and kernels enough, and a small model to spoil."""

    def __init__(self, graph: ExecutorGraph | None = None) -> None:
        self.ffi, self.lib = library.load()
        self.graph = graph or chain(1, (1, 2, 1), pools=2, rows_per_step=2).graph
        made = blob.write(self.graph)
        self.model, self.params = bytearray(made.graph), bytearray(made.params)
        self.runs = self.ffi.new("mrt_kernel_run_t[]", 8)
        self.rows = self.ffi.new("mrt_kernel_t *[]", 8)
        self.words = self.ffi.new("uint32_t[]", 4096)
        self.loader = self.ffi.new("mrt_loader_t *")
        self.loader.kernels, self.loader.kernel_count = self.lib.mrt_kernels, 150
        self.loader.runs, self.loader.rows, self.loader.kernel_room = self.runs, self.rows, 8
        self.loader.words, self.loader.word_room = self.words, 4096
        self.loaded = self.ffi.new("mrt_graph_t *")

    def seal(self) -> None:
        """Make the checksums right again."""
        struct.pack_into("<I", self.model, 12, zlib.crc32(self.model[16:]))
        self.params[20:24] = self.model[12:16]
        struct.pack_into("<I", self.params, 12, zlib.crc32(self.params[16:]))

    def memory(self, data: bytes) -> GuardedMemory:
        memory = GuardedMemory(self.ffi, "blob", len(data), 16)
        memory.write(0, bytes(data))
        return memory

    def load(self, apart: bool = False) -> str:
        """Load the model, with its params behind it or in memory of their own."""
        if apart:
            return self.load_bytes(self.model, self.params)
        return self.load_bytes(self.model + self.params)

    def load_bytes(self, model: bytes, params: bytes | None = None) -> str:
        self.kept = [self.memory(data) for data in (model, *(() if params is None else (params,)))]
        blobs = [self.ffi.new("mrt_blob_t *", (kept.base, kept.size)) for kept in self.kept]
        null = self.ffi.NULL
        status = self.lib.mrt_graph_load(self.loader, blobs[0], blobs[1] if params is not None else null, self.loaded)
        assert bytes(self.ffi.buffer(self.kept[0].base, len(model))) == bytes(model), "blobs are not written to"
        return STATUSES[status]

    def element(self, section: int, index: int = 0) -> int:
        """Where an element of a section begins."""
        size, offset = struct.unpack_from("<HI", self.model, HEADER + section * SECTION + 2)
        return int(offset + index * size)

    def run(self) -> None:
        """Run what was loaded, in arenas with guards."""
        arenas = [GuardedMemory(self.ffi, "arena", pool.size, pool.alignment) for pool in self.loaded.pools[0:2]]
        memory = self.ffi.new("mrt_memory_t[]", [(arena.base, arena.size) for arena in arenas])
        executor = self.ffi.new("mrt_executor_t *")
        assert self.lib.mrt_executor_init(executor, self.loaded, memory, 2) == 0
        assert self.lib.mrt_executor_run(executor) == 0
        for arena in arenas:
            arena.check()


def words_of(bench: Bench) -> int:
    """What the proof of the plan needs."""
    return sum(-(-arena.size // 4) for arena in bench.graph.arenas)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("apart", [False, True])
def test_loads_in_place(bench, apart):
    assert bench.load(apart) == "OK"
    graph, ffi = bench.loaded, bench.ffi
    assert graph.tensors == ffi.cast("mrt_tensor_t *", bench.kept[0].base + bench.element(TENSORS))
    assert graph.params == bench.kept[-1].base + HEADER + (0 if apart else len(bench.model))
    assert graph.kernels == bench.runs
    assert graph.kernels[0] == bench.lib.mrt_kernels[1].run
    assert (graph.tensor_count, graph.node_count, graph.kernel_count) == (len(bench.graph.tensors), 2, 1)
    assert (bench.loader.kernels_needed, bench.loader.words_needed) == (1, words_of(bench))
    assert graph.seal == bench.lib.mrt_graph_seal(graph)
    assert (bench.loader.missing_count, bench.loader.node) == (0, 2**32 - 1)
    bench.run()


def test_bytes_behind_the_blobs_do_not_matter(bench):
    assert bench.load_bytes(bench.model + bench.params + b"more") == "OK"
    assert bench.load_bytes(bench.model, bench.params + b"more") == "OK"


@pytest.mark.parametrize("name", ["sine_int8", "sine_float", "digits_int8", "digits_float"])
def test_gives_the_bytes_of_tables(name):
    graph = compile_model(MODELS / f"{name}.tflite").graph
    tables, loaded = HostExecutor(graph), HostExecutor(graph, blob.write(graph).model)
    for seed in range(3):
        for index in graph.inputs:
            entry = graph.tensors[index]
            value = (np.random.default_rng(seed).normal(0, 1, entry.shape) * 40).astype(entry.dtype.numpy)
            tables.set_input(entry.name, value)
            loaded.set_input(entry.name, value)
        for one, other in zip(tables.run().values(), loaded.run().values(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_empty_graph():
    empty = Bench(ExecutorGraph("", (), (), (), (), (), (), b""))
    empty.loader.kernel_room = empty.loader.word_room = empty.loader.kernel_count = 0
    empty.loader.kernels = empty.ffi.NULL
    assert empty.load() == "OK"
    assert (len(empty.model), len(empty.params)) == (192, 32)


# Refusals


def test_arguments(bench):
    ffi, load = bench.ffi, bench.lib.mrt_graph_load
    memory = bench.memory(bytes(bench.model + bench.params))
    model = ffi.new("mrt_blob_t *", (memory.base, memory.size))
    nothing = ffi.new("mrt_blob_t *", (ffi.NULL, 64))
    arguments = [bench.loader, model, ffi.NULL, bench.loaded]
    assert load(*arguments) == 0
    for place, value in ((0, ffi.NULL), (1, ffi.NULL), (3, ffi.NULL), (1, nothing), (2, nothing)):
        assert STATUSES[load(*arguments[:place], value, *arguments[place + 1 :])] == "ARGUMENT"
    bench.loader.kernels = ffi.NULL
    assert STATUSES[load(*arguments)] == "ARGUMENT"


def test_nothing_is_returned_on_failure(bench):
    bench.model[40] ^= 1
    assert bench.load() == "CHECKSUM"
    assert bench.loaded.tensors == bench.ffi.NULL


@pytest.mark.parametrize("offset", [1, 2, 4, 8])
def test_alignment(bench, offset):
    ffi, data = bench.ffi, bytes(bench.model + bench.params)
    memory = GuardedMemory(ffi, "blob", len(data) + 16, 16)
    memory.write(offset, data)
    model = ffi.new("mrt_blob_t *", (memory.base + offset, len(data)))
    assert STATUSES[bench.lib.mrt_graph_load(bench.loader, model, ffi.NULL, bench.loaded)] == "ALIGNMENT"


def test_every_truncation_is_refused(bench):
    whole = bytes(bench.model + bench.params)
    found = {bench.load_bytes(whole[:size]) for size in range(len(whole))}
    assert found == {"FORMAT"}


def put(layout: str, offset: int, value: int) -> Callable[[bytearray], None]:
    return lambda data: struct.pack_into(layout, data, offset, value)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (put("<B", 0, 0x4E), "FORMAT"),  # magic
        (put("<H", 4, 2), "FORMAT"),  # version
        (put("<H", 6, 48), "FORMAT"),  # bytes of the header
        (put("<I", 8, 16), "FORMAT"),  # sizes
        (put("<I", 8, 0), "FORMAT"),
        (put("<I", 8, 2**32 - 16), "FORMAT"),
        (put("<I", 8, 200), "FORMAT"),
        (put("<I", 16, 0), "GRAPH"),  # another number of bytes of constants
        (put("<I", 20, 9), "FORMAT"),  # sections
        (put("<I", 24, 1), "FORMAT"),  # tables
        (put("<I", 28, 1), "FORMAT"),
        (put("<H", HEADER, 2), "FORMAT"),  # the id of section 1
        (put("<H", HEADER + 2, 16), "FORMAT"),  # bytes of its elements
        (put("<I", HEADER + 4, 162), "FORMAT"),  # its place
        (put("<I", HEADER + 4, 2**32 - 4), "FORMAT"),
        (put("<I", HEADER + 8, 65536), "FORMAT"),  # its elements
        (put("<I", HEADER + 8, 1000), "FORMAT"),
        (put("<I", HEADER + INPUTS * SECTION + 8, 256), "FORMAT"),
        (put("<I", HEADER + TEXT * SECTION + 8, 2**32 - 1), "FORMAT"),
    ],
)
def test_headers_of_graphs(bench, change, status):
    change(bench.model)
    bench.seal()
    assert bench.load(apart=True) == status


def test_a_graph_that_ends_in_its_section_table():
    bench = Bench()
    bench.model = bench.model[:144]
    struct.pack_into("<I", bench.model, 8, 144)
    bench.seal()
    assert bench.load() == "FORMAT"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (put("<B", 3, 0x47), "FORMAT"),
        (put("<H", 4, 2), "FORMAT"),
        (put("<I", 16, 0), "GRAPH"),
        (put("<I", 16, 2**32 - 1), "FORMAT"),
        (put("<I", 24, 1), "FORMAT"),
        (put("<I", 28, 1), "FORMAT"),
    ],
)
def test_headers_of_params(bench, change, status):
    change(bench.params)
    bench.seal()
    assert bench.load(apart=True) == status


def test_checksums(bench):
    for data, places in ((bench.model, (12, 16, 100, -1)), (bench.params, (12, 16, 40, -1))):
        for place in places:
            data[place] ^= 0x10
            assert bench.load() == "CHECKSUM"
            data[place] ^= 0x10
    assert bench.load() == "OK"


def test_params_of_another_graph(bench):
    same = replace(chain(2, (1, 2, 1), pools=2, rows_per_step=2).graph, name=bench.graph.name)
    assert bench.load_bytes(bench.model, Bench(same).params) == "OK"  # other weights in the same tables
    for graph in (replace(same, name="other"), replace(same, inputs=())):
        assert bench.load_bytes(bench.model, Bench(graph).params) == "GRAPH"


def test_new_weights(bench):
    """A params blob alone takes the place of the old one, and its weights are those that run."""
    made = chain(1, (1, 2, 1), pools=2, rows_per_step=2)
    other = chain(9, (1, 2, 1), pools=2, rows_per_step=2)
    old, new = blob.write(made.graph), blob.write(other.graph)
    assert old.graph != new.graph  # the model's name is in the graph: these are not meant for each other
    assert bench.load_bytes(old.graph, new.params) == "GRAPH"
    updated = blob.params(other.graph.params, old.graph)
    executor = HostExecutor(made.graph, old.graph + updated)
    value = made.input(3)
    executor.set_input(0, value)
    (result,) = executor.run().values()
    np.testing.assert_array_equal(result, list(other.expected(value).values())[-1])


@pytest.mark.parametrize(
    ("member", "value"), [("kernel_room", 0), ("word_room", 3), ("runs", 0), ("rows", 0), ("words", 0)]
)
def test_room(bench, member, value):
    setattr(bench.loader, member, value if "room" in member else bench.ffi.NULL)
    assert bench.load() == "MEMORY"
    known = member in ("word_room", "words")  # the tables come after the kernels
    assert (bench.loader.kernels_needed, bench.loader.words_needed) == (1, words_of(bench) if known else 0)


def offer(bench: Bench, names: list[str]) -> None:
    bench.offered = bench.ffi.new("mrt_kernel_t[]", [bench.lib.mrt_kernels[kernels.ids()[name]] for name in names] or 1)
    bench.loader.kernels, bench.loader.kernel_count = bench.offered, len(names)


def test_kernels_of_the_firmware():
    digits = Bench(compile_model(MODELS / "digits_int8.tflite").graph)
    needed = list(dict.fromkeys(node.kernel for node in digits.graph.nodes))
    offer(digits, ["pad", *reversed(needed)])
    assert digits.load() == "OK"
    offer(digits, needed[1:-1])
    assert digits.load() == "KERNEL"
    assert digits.loader.missing_count == 2
    assert list(digits.loader.missing)[:2] == [kernels.ids()[needed[0]], kernels.ids()[needed[-1]]]
    offer(digits, [])
    assert digits.load() == "KERNEL"
    assert digits.loader.missing_count == len(needed)


def test_more_kernels_are_missing_than_are_remembered(bench):
    many = bytes(bench.model)
    row = HEADER + KERNELS * SECTION
    struct.pack_into("<II", bench.model, row + 4, len(many), 20)  # a list of kernels behind all else
    bench.model += b"".join(struct.pack("<HH", 200 + index, 0) for index in range(20))
    struct.pack_into("<I", bench.model, 8, len(bench.model))
    bench.seal()
    bench.runs, bench.rows = bench.ffi.new("mrt_kernel_run_t[]", 20), bench.ffi.new("mrt_kernel_t *[]", 20)
    bench.loader.runs, bench.loader.rows, bench.loader.kernel_room = bench.runs, bench.rows, 20
    assert bench.load() == "KERNEL"
    assert (bench.loader.missing_count, list(bench.loader.missing)) == (20, list(range(200, 216)))


def test_operators_of_other_compilers_are_missing_since_a_blob_brings_no_adapter(bench):
    foreign = kernels.ids()["foreign"]
    struct.pack_into("<HH", bench.model, bench.element(KERNELS), foreign, 4)
    bench.seal()
    assert bench.load() == "KERNEL"
    assert (bench.loader.missing_count, bench.loader.missing[0]) == (1, foreign)


def test_a_kernel_with_other_attributes_is_missing(bench):
    struct.pack_into("<H", bench.model, bench.element(KERNELS) + 2, 72)
    bench.seal()
    assert bench.load() == "KERNEL"
    assert (bench.loader.missing_count, bench.loader.missing[0]) == (1, 1)


@pytest.mark.parametrize(
    ("section", "index", "offset", "layout", "value", "status", "node"),
    [
        (TENSORS, 1, 11, "<B", 9, "GRAPH", None),
        (TENSORS, 0, 0, "<I", 4096, "PLAN", None),
        (POOLS, 0, 4, "<I", 12, "GRAPH", None),
        (NODES, 1, 4, "<H", 30, "GRAPH", 1),  # attributes beyond the table
        (ATTRS, 19 + 6, 0, "<i", 0, "ATTRIBUTE", 1),
        (TENSORS, 10, 10, "<B", 1, "PLAN", 1),  # a convolution in place
    ],
)
def test_tables_are_checked(bench, section, index, offset, layout, value, status, node):
    struct.pack_into(layout, bench.model, bench.element(section, index) + offset, value)
    bench.seal()
    assert bench.load() == status
    assert bench.loader.node == (2**32 - 1 if node is None else node)


def test_the_schedule_is_checked(bench):
    struct.pack_into("<H", bench.model, bench.element(STEPS, 4) + 2, 3)  # a gap between rows
    bench.seal()
    assert bench.load() == "PLAN"


def test_pools_beyond_the_limit():
    graph = chain(1, (1, 2, 1), pools=2).graph
    many = Bench(replace(graph, arenas=graph.arenas * 3))
    assert many.load() == "LIMIT"


# Damage


def damaged(bench: Bench) -> Iterator[bytes]:
    """Every single bit of both headers and of all tables turned over, behind right checksums."""
    for data, end in ((bench.model, len(bench.model)), (bench.params, HEADER)):
        for bit in range(8 * end):
            data[bit // 8] ^= 1 << bit % 8
            keep = bytes(bench.model), bytes(bench.params)
            bench.seal()
            yield bytes(bench.model + bench.params)
            bench.model[:], bench.params[:] = keep
            data[bit // 8] ^= 1 << bit % 8


def test_every_bit_of_the_tables_is_refused_or_runs(bench):
    counts: dict[str, int] = {}
    for data in damaged(bench):
        status = bench.load_bytes(data)
        counts[status] = counts.get(status, 0) + 1
        if status == "OK" and all(pool.size < 4096 for pool in bench.loaded.pools[0:2]):  # else nothing but larger
            bench.run()
    assert 100 < counts["OK"] < sum(counts.values()) // 4
    assert {"FORMAT", "GRAPH", "KERNEL", "ATTRIBUTE", "PLAN"} <= set(counts)


@pytest.mark.skipif(not harness.is_available(), reason="clang is not installed: ./dev installs it")
def test_every_bit_of_the_tables_under_sanitisers(bench, tmp_path):
    for number, data in enumerate(damaged(bench)):
        (tmp_path / f"{number}").write_bytes(data)
    command = [harness.build("graph"), "-runs=0", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"{number + 1} files found" in done.stderr
    assert 100 < harness.stat("models_run", done.stderr) < number


# On the target


def made(name: str) -> tuple[ExecutorGraph, Blob]:
    graph = compile_model(MODELS / f"{name}.tflite").graph
    return graph, Blob(graph.name, blob.write(graph).model, {})


def inputs(graph: ExecutorGraph) -> list[dict[str, np.ndarray]]:
    entries = [graph.tensors[index] for index in graph.inputs]
    rng = np.random.default_rng(11)
    return [{e.name: (rng.normal(0, 1, e.shape) * 50).astype(e.dtype.numpy) for e in entries} for _ in range(3)]


@pytest.mark.parametrize(("name", "machine"), [("digits_int8", "mps2-an386"), ("sine_int8", "mps3-an547")])
def test_the_target_gives_the_bytes_of_the_host(name, machine):
    graph, loaded = made(name)
    values = inputs(graph)
    run = emulate(loaded, machine, values)
    executor = HostExecutor(graph, loaded.data)
    for arrays, found in zip(values, run.outputs, strict=True):
        for key, value in arrays.items():
            executor.set_input(key, value)
        for key, expected in executor.run().items():
            np.testing.assert_array_equal(found[key], expected)


def console(folder: Path, data: bytes, offered: tuple[str, ...]) -> str:
    """What firmware with these kernels says of a blob."""
    board = boards.for_machine("mps2-an386")
    image = build.loader(offered, board, board.resolve(None)).image
    (folder / "model.mrt").write_bytes(data)
    (folder / "inputs.bin").write_bytes(bytes(4))
    try:
        return qemu.run(image, "mps2-an386", folder, timeout=60)
    except TargetError as error:
        return str(error)


def test_firmware_names_the_kernels_that_it_lacks(tmp_path):
    _, loaded = made("digits_int8")
    printed = console(tmp_path, loaded.data, ("fully_connected_s8", "copy"))
    lacking = set(loaded.kernels) - {"fully_connected_s8"}
    assert "status -6 " in printed
    for name in lacking:
        assert f"missing kernel {kernels.ids()[name]}\n" in printed
    assert f"missing kernel {kernels.ids()['fully_connected_s8']}\n" not in printed


def test_the_target_refuses_what_the_host_refuses(bench, tmp_path):
    """A sample of damaged blobs, each status among them: 32 bits come to the same judgement."""
    verdicts: dict[str, bytes] = {}
    for data in damaged(bench):
        verdicts.setdefault(bench.load_bytes(data), data)
    verdicts.pop("MEMORY")  # the target has more room
    verdicts["CHECKSUM"] = bytes(bench.model + bench.params[:-1] + b"\x01")
    assert len(verdicts) >= 7
    numbers = {name: number for number, name in STATUSES.items()}
    for status, data in verdicts.items():
        printed = console(tmp_path, data, ("conv2d_s8",))
        assert f"status {numbers[status]} " in printed or status == "OK", printed
