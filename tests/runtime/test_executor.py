"""The functions of executor.h, called as an application calls them: every status, and the life of an inference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.executor_graphs import Chain, chain, streamed

from micrort.native import library
from micrort.native.executor import Tables

FFI_MEMORY = 4096


class Bench:
    """A graph, by default of two nodes in two pools, memory for it, and an executor that is not initialised."""

    def __init__(self, case: Chain | None = None) -> None:
        self.ffi, self.lib = library.load()
        self.chain: Chain = case or chain(1, pools=2, rows_per_step=2)
        self.tables = Tables(self.chain.graph, self.ffi, self.lib)
        self.graph = self.tables.graph
        self.blocks = [self.ffi.new("uint8_t[]", FFI_MEMORY) for _ in self.chain.graph.arenas]
        bases = [block + -int(self.ffi.cast("uintptr_t", block)) % 16 for block in self.blocks]
        sizes = [arena.size for arena in self.chain.graph.arenas]
        self.memory = self.ffi.new("mrt_memory_t[]", list(zip(bases, sizes, strict=True)))
        self.executor = self.ffi.new("mrt_executor_t *")

    def __getattr__(self, name: str) -> Any:
        """`bench.run(...)` calls mrt_executor_run and gives the status's name."""
        function = getattr(self.lib, f"mrt_executor_{name}")
        return lambda *arguments: self.name_of(function(*arguments))

    def name_of(self, status: int) -> str:
        names = ["OK", "ARGUMENT", "STATE", "MEMORY", "ALIGNMENT", "GRAPH", "KERNEL", "ATTRIBUTE", "PLAN", "LIMIT"]
        return {**{-value: name for value, name in enumerate(names)}, -14: "CHECKSUM"}.get(status, str(status))

    def seal(self) -> None:
        """Of tables that were changed."""
        self.graph.seal = self.lib.mrt_graph_seal(self.graph)

    def own_row(self, **members: Any) -> Any:
        """A row of the one kernel that may be changed, in the place of the library's."""
        self.row = self.ffi.new("mrt_kernel_t *", self.graph.kernel_rows[0][0])
        for name, value in members.items():
            setattr(self.row, name, value)
        self.rows = self.ffi.new("mrt_kernel_t *[]", [self.row])
        self.graph.kernel_rows = self.rows
        return self.row

    def ready(self) -> Bench:
        assert self.init(self.executor, self.graph, self.memory, len(self.memory)) == "OK"
        return self

    def write(self, value: np.ndarray) -> None:
        assert self.set_input(self.executor, 0, self.ffi.from_buffer(value.tobytes()), value.nbytes) == "OK"

    def read(self) -> tuple[str, bytes]:
        size = self.chain.graph.tensors[self.chain.graph.outputs[0]].bytes
        data = self.ffi.new("uint8_t[]", size)
        return self.get_output(self.executor, 0, data, size), bytes(self.ffi.buffer(data))

    def expected(self, value: np.ndarray) -> bytes:
        return list(self.chain.expected(value).values())[-1].tobytes()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_inference(bench):
    bench.ready()
    for seed in range(2):
        value = bench.chain.input(seed)
        bench.write(value)
        assert bench.run(bench.executor) == "OK"
        assert bench.read() == ("OK", bench.expected(value))


def test_as_many_pools_as_there_can_be():
    bench = Bench(chain(1, (2, 4, 3, 5, 2), pools=4)).ready()
    value = bench.chain.input(0)
    bench.write(value)
    assert bench.run(bench.executor) == "OK"
    assert bench.read() == ("OK", bench.expected(value))


def test_an_executor_may_hold_anything_before_init():
    bench = Bench(streamed(1))
    size = bench.ffi.sizeof("mrt_executor_t")
    bench.ffi.memmove(bench.executor, b"\xff" * size, size)
    bench.ready()
    row = bench.ffi.new("mrt_row_t *", (7, 7, 7, 7))
    assert bench.waiting(bench.executor, row) == "OK"
    assert (row.waiting, row.index, row.row, row.size) == (1, 0, 0, 10)
    assert bench.run(bench.executor) == "STATE"  # nobody hands rows over


def test_buffers_lie_in_the_arenas(bench):
    bench.ready()
    buffer = bench.ffi.new("mrt_buffer_t *")
    assert bench.input(bench.executor, 0, buffer) == "OK"
    assert (buffer.data, buffer.size) == (bench.memory[0].base, 50)
    assert bench.output(bench.executor, 0, buffer) == "OK"
    entry = bench.chain.graph.tensors[bench.chain.graph.outputs[0]]
    base = bench.ffi.cast("uint8_t *", bench.memory[entry.pool].base)
    assert (buffer.data, buffer.size) == (base + entry.offset, entry.bytes)


def test_null_executor(bench):
    null, done, buffer = bench.ffi.NULL, bench.ffi.new("bool *"), bench.ffi.new("mrt_buffer_t *")
    assert bench.init(null, bench.graph, bench.memory, 2) == "ARGUMENT"
    assert bench.input(null, 0, buffer) == "ARGUMENT"
    assert bench.output(null, 0, buffer) == "ARGUMENT"
    assert bench.set_input(null, 0, buffer, 8) == "ARGUMENT"
    assert bench.get_output(null, 0, buffer, 8) == "ARGUMENT"
    assert bench.run(null) == "ARGUMENT"
    assert bench.step(null, 1, done) == "ARGUMENT"
    assert bench.reset(null) == "ARGUMENT"


def assert_unusable(bench: Bench) -> None:
    done, buffer = bench.ffi.new("bool *"), bench.ffi.new("mrt_buffer_t *")
    assert bench.executor.graph == bench.ffi.NULL
    assert bench.input(bench.executor, 0, buffer) == "STATE"
    assert bench.output(bench.executor, 0, buffer) == "STATE"
    assert bench.set_input(bench.executor, 0, buffer, 8) == "STATE"
    assert bench.get_output(bench.executor, 0, buffer, 8) == "STATE"
    assert bench.run(bench.executor) == "STATE"
    assert bench.step(bench.executor, 1, done) == "STATE"
    assert bench.reset(bench.executor) == "STATE"


def test_before_init_nothing_works(bench):
    assert_unusable(bench)


def null_graph(bench):
    bench.graph = bench.ffi.NULL


def null_memory(bench):
    bench.memory = bench.ffi.NULL


def null_region(bench):
    bench.memory[1].base = bench.ffi.NULL


def small_region(bench):
    bench.memory[1].size -= 1


def misaligned_region(bench):
    bench.memory[0].base = bench.ffi.cast("uint8_t *", bench.memory[0].base) + 8


def unsound_graph(bench):
    bench.graph.tensors[0].rows = 0


def tensor_outside(bench):
    bench.graph.tensors[0].offset = 4096


def too_many_pools(bench):
    bench.graph.pool_count = 5


def another_seal(bench):
    bench.graph.seal ^= 0x10000


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (null_graph, "ARGUMENT"),
        (null_memory, "ARGUMENT"),
        (null_region, "MEMORY"),
        (small_region, "MEMORY"),
        (misaligned_region, "ALIGNMENT"),
        (unsound_graph, "CHECKSUM"),
        (tensor_outside, "CHECKSUM"),
        (another_seal, "CHECKSUM"),
        (too_many_pools, "LIMIT"),
    ],
)
def test_a_failed_init_leaves_an_unusable_executor(bench, spoil, status):
    bench.ready()
    spoil(bench)
    assert bench.init(bench.executor, bench.graph, bench.memory, 2) == status
    assert_unusable(bench)


def too_many_rows(bench):
    bench.graph.tensors[0].rows = 1000


def no_dtype(bench):
    bench.graph.tensors[0].dtype = 99


def overlap(bench):
    """The output of node 0 moves into the pool of the input, and over it: node 0 reads what it has written over."""
    entry = bench.graph.tensors[bench.graph.args[5]]
    bench.graph.pools[0].size = bench.memory[0].size = 4 * entry.rows * entry.row_bytes
    entry.pool, entry.offset = 0, 4


def lost_output(bench):
    bench.graph.step_count = 3  # node 1 is never called


def no_stride(bench):
    bench.graph.attrs[2] = 0


def no_rows(bench):
    bench.graph.kernel_rows = bench.ffi.NULL


def no_row(bench):
    bench.own_row()
    bench.rows[0] = bench.ffi.NULL


def rows_of_others(bench):
    bench.own_row(run=bench.lib.mrt_kernels[1].check)


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (too_many_rows, "PLAN"),
        (no_dtype, "GRAPH"),
        (overlap, "PLAN"),
        (lost_output, "PLAN"),
        (no_stride, "ATTRIBUTE"),
        (no_rows, "KERNEL"),
        (no_row, "KERNEL"),
        (rows_of_others, "KERNEL"),
    ],
)
def test_init_proves_what_a_valid_seal_covers(bench, spoil, status):
    bench.ready()
    spoil(bench)
    bench.seal()
    assert bench.init(bench.executor, bench.graph, bench.memory, 2) == status
    assert_unusable(bench)


def test_the_proof_stays_within_the_arenas():
    """Whatever their size, also where the last word is none."""
    for more in range(8):
        bench = Bench()
        block = bench.ffi.buffer(bench.blocks[0])
        block[:] = b"\x77" * len(block)
        size = bench.memory[0].size = bench.graph.pools[0].size = bench.graph.pools[0].size - 5 + more
        bench.seal()
        bench.ready()
        first = bench.ffi.cast("uint8_t *", bench.memory[0].base) - bench.ffi.cast("uint8_t *", bench.blocks[0])
        assert block[:first] == b"\x77" * first
        assert block[first + size :] == b"\x77" * (len(block) - first - size)
        assert b"\x77" * 4 not in block[first : first + size]


def test_too_few_regions(bench):
    assert bench.init(bench.executor, bench.graph, bench.memory, 1) == "MEMORY"
    assert_unusable(bench)


def test_more_regions_than_pools_are_welcome(bench):
    assert bench.init(bench.executor, bench.graph, bench.memory, 3) == "OK"


def test_arguments_out_of_range(bench):
    bench.ready()
    null, done = bench.ffi.NULL, bench.ffi.new("bool *")
    buffer, data = bench.ffi.new("mrt_buffer_t *"), bench.ffi.new("uint8_t[]", 100)
    for function in (bench.input, bench.output):
        assert function(bench.executor, 1, buffer) == "ARGUMENT"
        assert function(bench.executor, 0, null) == "ARGUMENT"
    for function, size in ((bench.set_input, 50), (bench.get_output, 75)):
        assert function(bench.executor, 1, data, size) == "ARGUMENT"
        assert function(bench.executor, 0, null, size) == "ARGUMENT"
        assert function(bench.executor, 0, data, size - 1) == "ARGUMENT"
        assert function(bench.executor, 0, data, size + 1) == "ARGUMENT"
    assert bench.step(bench.executor, 0, done) == "ARGUMENT"
    assert bench.step(bench.executor, 1, null) == "ARGUMENT"


def test_outputs_belong_to_completed_inferences_only(bench):
    bench.ready()
    done = bench.ffi.new("bool *")
    value = bench.chain.input(0)
    bench.write(value)
    assert bench.read()[0] == "STATE"
    for _ in range(len(bench.chain.graph.steps) - 1):
        assert (bench.step(bench.executor, 1, done), done[0]) == ("OK", False)
        assert bench.read()[0] == "STATE"
    assert (bench.step(bench.executor, 1, done), done[0]) == ("OK", True)
    assert bench.read() == ("OK", bench.expected(value))
    assert (bench.step(bench.executor, 1, done), done[0]) == ("OK", False)  # the next inference
    assert bench.read()[0] == "STATE"


def test_reset_and_run_abandon_an_inference(bench):
    bench.ready()
    done = bench.ffi.new("bool *")
    first, second = bench.chain.input(0), bench.chain.input(1)
    bench.write(first)
    assert bench.step(bench.executor, 4, done) == "OK"
    assert bench.reset(bench.executor) == "OK"
    bench.write(second)
    assert (bench.step(bench.executor, 6, done), done[0]) == ("OK", True)
    assert bench.read() == ("OK", bench.expected(second))
    bench.write(first)
    assert bench.step(bench.executor, 4, done) == "OK"
    bench.write(second)
    assert bench.run(bench.executor) == "OK"
    assert bench.read() == ("OK", bench.expected(second))
    assert bench.reset(bench.executor) == "OK"
    assert bench.read()[0] == "STATE"


def test_calls_are_what_the_tables_say_and_a_failing_kernel_abandons_the_inference(bench):
    """A kernel in Python records its calls and fails on demand."""
    seen: list[tuple[Any, ...]] = []
    verdicts: list[int] = []

    @bench.ffi.callback("mrt_kernel_run_t")
    def kernel(call: Any) -> int:
        attrs = bench.ffi.cast("int32_t *", call.attrs)
        counts = (call.input_count, call.output_count, call.workspace_count)
        seen.append((call.row_begin, call.row_end, list(call.args[0:6]), attrs[2], counts))
        assert call.pools[1] == bench.memory[1].base
        assert call.params == bench.graph.params
        assert call.tensors == bench.graph.tensors
        return verdicts.pop(0)

    bench.graph.kernels[0] = kernel
    bench.own_row(run=kernel)
    bench.ready()
    done = bench.ffi.new("bool *")
    first, second = ([0, 1, 2, 3, 4, 5], 2, (5, 1, 0)), ([5, 6, 7, 8, 9, 10], 4, (5, 1, 0))
    every = [(*rows, *node) for node in (first, second) for rows in ((0, 2), (2, 4), (4, 5))]

    verdicts[:] = [0] * 6
    assert bench.run(bench.executor) == "OK"
    assert seen == every

    seen.clear()
    verdicts[:] = [0, 0, 0, -12]
    assert bench.run(bench.executor) == "-12"
    assert seen == every[:4]
    assert bench.read()[0] == "STATE"

    seen.clear()
    verdicts[:] = [0, -12, *[0] * 6]
    assert (bench.step(bench.executor, 1, done), done[0]) == ("OK", False)
    assert (bench.step(bench.executor, 9, done), done[0]) == ("-12", False)
    assert (bench.step(bench.executor, 9, done), done[0]) == ("OK", True)
    assert seen == [*every[:2], *every]


def test_a_graph_without_steps_is_complete_at_once(bench):
    bench.graph.step_count = bench.graph.node_count = 0
    bench.graph.outputs = bench.graph.inputs
    bench.seal()
    bench.ready()
    done = bench.ffi.new("bool *")
    assert bench.run(bench.executor) == "OK"
    assert (bench.step(bench.executor, 1, done), done[0]) == ("OK", True)
    data = bench.ffi.new("uint8_t[]", 50)
    assert bench.get_output(bench.executor, 0, data, 50) == "OK"


class KernelChecks:
    """mrt_graph_check_kernels with one kernel whose check and workspace are Python's."""

    def __init__(self, bench: Bench, verdict: int = 0, needed: int = 0) -> None:
        self.bench, self.calls = bench, 0
        ffi = bench.ffi

        @ffi.callback("mrt_kernel_check_t")
        def check(call: Any) -> int:
            self.calls += 1
            assert call.pools == ffi.NULL
            assert (call.row_begin, call.row_end) == (0, 5)
            return verdict

        workspace = ffi.callback("mrt_kernel_workspace_t", lambda _: needed)
        self.row = ffi.new("mrt_kernel_t *", (bench.graph.kernels[0], check, workspace, 76))
        self.kept = (check, workspace)
        self.rows = ffi.new("mrt_kernel_t *[]", [self.row])
        self.node = ffi.new("uint32_t *", 99)

    def status(self) -> tuple[str, int]:
        status = self.bench.lib.mrt_graph_check_kernels(self.bench.graph, self.rows, self.node)
        return self.bench.name_of(status), self.node[0]


def test_kernel_checks_pass(bench):
    checks = KernelChecks(bench)
    assert checks.status() == ("OK", 99)
    assert checks.calls == 2


def test_kernel_checks_refuse(bench):
    ffi, lib = bench.ffi, bench.lib
    assert KernelChecks(bench, verdict=-7).status() == ("ATTRIBUTE", 0)
    assert KernelChecks(bench, needed=1).status() == ("GRAPH", 0)
    checks = KernelChecks(bench)
    assert bench.name_of(lib.mrt_graph_check_kernels(ffi.NULL, checks.rows, checks.node)) == "ARGUMENT"
    assert bench.name_of(lib.mrt_graph_check_kernels(bench.graph, ffi.NULL, checks.node)) == "ARGUMENT"
    for member in ("run", "check", "workspace"):
        checks = KernelChecks(bench)
        setattr(checks.row, member, ffi.NULL)
        assert checks.status() == ("KERNEL", 0)
    checks = KernelChecks(bench)
    checks.rows[0] = ffi.NULL
    assert checks.status() == ("KERNEL", 0)
    assert lib.mrt_graph_check_kernels(bench.graph, checks.rows, ffi.NULL) == lib.MRT_ERR_KERNEL


def test_attributes_reach_no_further_than_their_table(bench):
    bench.graph.nodes[1].attrs += 1
    assert KernelChecks(bench).status() == ("GRAPH", 1)
    bench.graph.nodes[1].attrs = 0
    bench.graph.attr_count = 19
    assert KernelChecks(bench).status() == ("OK", 99)


@pytest.mark.parametrize(("needed", "status"), [(50, ("OK", 99)), (51, ("GRAPH", 1))])
def test_workspaces_are_large_enough(bench, needed, status):
    ffi, graph = bench.ffi, bench.graph
    rows = [graph.tensors[index] for index in range(graph.tensor_count)]
    tensors = ffi.new("mrt_tensor_t[]", [*rows, (1024, 10, 5, 0, 0), (1024, 10, 6, 0, 0)])
    args = ffi.new("uint16_t[]", [*graph.args[0:6], 11, *graph.args[6:12], 11])
    graph.tensors, graph.tensor_count, graph.args, graph.arg_count = tensors, 13, args, 14
    graph.pools[0].size = 2048
    graph.nodes[1].args = 7
    for node in range(2):
        graph.nodes[node].workspace_count = 1
    if needed == 51:  # node 0 has more room than node 1
        args[6] = 12
    assert bench.lib.mrt_graph_check(graph) == 0
    assert KernelChecks(bench, needed=needed).status() == status


def test_a_graph_without_pools_needs_no_memory(bench):
    empty = bench.ffi.new("mrt_graph_t *")
    empty.seal = bench.lib.mrt_graph_seal(empty)
    assert bench.init(bench.executor, empty, bench.ffi.NULL, 0) == "OK"
    assert bench.run(bench.executor) == "OK"


def test_another_init_begins_anew(bench):
    """In the midst of an inference: what ran before is forgotten."""
    bench.ready()
    value = bench.chain.input(5)
    bench.write(value)
    done = bench.ffi.new("bool *", True)
    assert bench.step(bench.executor, 2, done) == "OK"
    assert (bench.executor.cursor.step, done[0]) == (2, False)
    bench.ready()
    assert bench.executor.cursor.step == 0
    bench.write(value)
    assert bench.step(bench.executor, 1000, done) == "OK"
    assert done[0]
    assert bench.read() == ("OK", bench.expected(value))


@pytest.mark.parametrize("first", [1, 2, 5])
@pytest.mark.parametrize("more", [4, 6, 1000, 2**32 - 1])
def test_a_step_ends_with_the_inference_however_many_are_asked_for(bench, first, more):
    bench.ready()
    value = bench.chain.input(5)
    done = bench.ffi.new("bool *")
    count = bench.graph.step_count
    for _ in range(2):
        bench.write(value)
        assert bench.step(bench.executor, first, done) == "OK"
        assert (bench.executor.cursor.step, done[0]) == (first, False)
        assert bench.step(bench.executor, more, done) == "OK"
        assert (bench.executor.cursor.step, done[0]) == (min(first + more, count), first + more >= count)
        bench.reset(bench.executor)
