"""Memory for TVM's operators: a stack in the workspace of the running one, and nothing outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cffi import FFI
from hypothesis import given, settings
from hypothesis import strategies as st

from micrort.native import library
from micrort.tvm import workspace as host

OK, STATE, MEMORY, ALIGNMENT, RUN = 0, -2, -3, -4, -12
GRANULE = host.GRANULE
DECLARATIONS = """
typedef struct { void *base; uint32_t size; uint32_t first; uint32_t used; int status; } mrt_tvm_workspace_t;
int mrt_tvm_begin(const void *call, uint32_t pools, mrt_tvm_workspace_t *workspace);
int mrt_tvm_end(const mrt_tvm_workspace_t *workspace, int32_t result);
void *mrt_tvm_pool(uint32_t offset);
void TVMAPISetLastError(const char *msg);
void *TVMBackendAllocWorkspace(int device_type, int device_id, uint64_t nbytes, int code, int bits);
int TVMBackendFreeWorkspace(int device_type, int device_id, void *ptr);
"""


@dataclass
class Bench:
    """A call with a workspace, and the functions under test."""

    ffi: Any
    lib: Any
    memory: Any
    call: Any
    workspace: Any
    kept: list[Any]

    def begin(self, pools: int = 0) -> int:
        return int(self.lib.mrt_tvm_begin(self.call, pools, self.workspace))

    def end(self, result: int = 0) -> int:
        return int(self.lib.mrt_tvm_end(self.workspace, result))

    def take(self, size: int) -> Any:
        return self.lib.TVMBackendAllocWorkspace(1, 0, size, 0, 8)

    def give(self, block: Any) -> int:
        return int(self.lib.TVMBackendFreeWorkspace(1, 0, block))

    def place(self, block: Any) -> int:
        """Bytes from the start of the workspace."""
        return int(self.ffi.cast("uintptr_t", block)) - int(self.ffi.cast("uintptr_t", self.memory))


def make(size: int, shift: int = 0) -> Bench:
    """A workspace of `size` bytes, `shift` bytes behind an aligned address; none with 0."""
    ffi, core = FFI(), library.load()[0]
    ffi.cdef(DECLARATIONS)
    lib = ffi.dlopen(str(library.path()))
    raw = ffi.new("uint8_t[]", size + 64)
    address = int(ffi.cast("uintptr_t", raw))
    memory = raw + (-address % GRANULE) + shift
    tensors = core.new("mrt_tensor_t[]", [{"offset": 0, "row_bytes": 4, "rows": 1}, {"row_bytes": size, "rows": 1}])
    pools = core.new("void *[]", [core.cast("void *", int(ffi.cast("uintptr_t", memory)))])
    args = core.new("uint16_t[]", [0, 1])
    members = {"tensors": tensors, "args": args, "pools": pools, "row_end": 1, "output_count": 1}
    call = core.new("mrt_call_t *", {**members, "workspace_count": int(size > 0)})
    pointer = ffi.cast("void *", int(core.cast("uintptr_t", call)))
    return Bench(ffi, lib, memory, pointer, ffi.new("mrt_tvm_workspace_t *"), [raw, tensors, pools, args, call])


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = make(128)
    yield made
    made.end()  # whatever a test left open


def test_blocks_lie_behind_each_other_and_go_last_first(bench: Bench) -> None:
    assert bench.begin() == OK
    first, second = bench.take(12), bench.take(13)
    assert (bench.place(first), bench.place(second)) == (0, 16)  # 12 bytes and the word at the end make a granule
    assert bench.workspace.used == 48
    assert bench.give(second) == 0
    assert bench.place(bench.take(1)) == 16
    assert bench.give(bench.memory + 16) == 0
    assert bench.give(first) == 0
    assert bench.end() == OK


def test_what_does_not_fit_is_refused_and_the_call_fails(bench: Bench) -> None:
    assert bench.begin() == OK
    assert bench.take(128 - 4) != bench.ffi.NULL
    assert bench.take(0) == bench.ffi.NULL
    assert bench.give(bench.memory) == 0
    assert bench.end(-1) == MEMORY
    assert bench.begin() == OK
    assert bench.take(128 - 3) == bench.ffi.NULL
    assert bench.end() == MEMORY


@pytest.mark.parametrize("size", [129, 2**32 - 16, 2**32, 2**64 - 1, 2**64 - 20])
def test_no_size_wraps(bench: Bench, size: int) -> None:
    assert bench.begin() == OK
    assert bench.take(size) == bench.ffi.NULL
    assert bench.workspace.used == 0
    assert bench.end() == MEMORY


def test_wrong_order_is_refused(bench: Bench) -> None:
    assert bench.begin() == OK
    first, second = bench.take(8), bench.take(8)
    assert bench.give(first) == -1
    assert bench.give(second) == 0
    assert bench.give(first) == 0
    assert bench.give(first) == -1
    assert bench.end() == RUN


@pytest.mark.parametrize("what", ["null", "middle", "outside"])
def test_foreign_pointers_are_refused(bench: Bench, what: str) -> None:
    assert bench.begin() == OK
    bench.take(32)
    wrong = {"null": bench.ffi.NULL, "middle": bench.memory + 16, "outside": bench.memory + 120}
    assert bench.give(wrong[what]) == -1
    assert bench.end() == RUN


def test_a_block_that_was_overrun_is_noticed(bench: Bench) -> None:
    assert bench.begin() == OK
    block = bench.take(12)
    bench.ffi.buffer(block, 16)[12:16] = b"\xff\xff\xff\xff"
    assert bench.give(block) == -1
    assert bench.end() == RUN


def test_a_tag_that_points_before_the_blocks_is_noticed() -> None:
    bench = make(128)
    assert bench.begin(32) == OK
    block = bench.take(12)
    assert bench.place(block) == 32
    bench.ffi.buffer(block, 16)[12:16] = b"\x00\x00\x00\x00"
    assert bench.give(bench.memory) == -1
    assert bench.end() == RUN


def test_memory_that_is_not_given_back_is_an_error(bench: Bench) -> None:
    assert bench.begin() == OK
    assert bench.take(8) != bench.ffi.NULL
    assert bench.end() == RUN


def test_an_operator_that_fails_is_an_error(bench: Bench) -> None:
    assert bench.begin() == OK
    assert bench.end(-1) == RUN


def test_pools_lie_before_the_blocks() -> None:
    bench = make(128)
    assert bench.begin(40) == OK
    assert bench.place(bench.lib.mrt_tvm_pool(0)) == 0
    assert bench.place(bench.lib.mrt_tvm_pool(32)) == 32
    block = bench.take(4)
    assert bench.place(block) == 48
    assert bench.give(block) == 0
    assert bench.end() == OK
    assert bench.begin(129) == MEMORY
    assert bench.begin(128) == OK
    assert bench.end() == OK


def test_nothing_outside_of_a_call(bench: Bench) -> None:
    assert bench.take(4) == bench.ffi.NULL
    assert bench.give(bench.memory) == -1
    assert bench.lib.mrt_tvm_pool(0) == bench.ffi.NULL
    bench.lib.TVMAPISetLastError(b"what went wrong")


def test_an_operator_without_workspace() -> None:
    bench = make(0)
    assert bench.begin() == OK
    assert bench.lib.mrt_tvm_pool(0) == bench.ffi.NULL
    assert bench.take(1) == bench.ffi.NULL
    assert bench.end() == MEMORY
    assert bench.begin(1) == MEMORY


def test_one_operator_at_a_time(bench: Bench) -> None:
    other = make(64)
    assert bench.begin() == OK
    assert other.begin() == STATE
    assert bench.end() == OK
    assert other.begin() == OK
    assert other.end() == OK


def test_a_workspace_that_is_not_aligned() -> None:
    bench = make(64, shift=4)
    assert bench.begin() == ALIGNMENT
    assert bench.take(1) == bench.ffi.NULL


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 70), st.just(-1)), max_size=20), st.sampled_from([0, 24, 256]))
def test_any_sequence_counts_as_the_host_counts(steps: list[int], pools: int) -> None:
    """Sizes that are taken, -1 for giving back: as much fits as micrort.tvm.workspace says, and no more."""
    bench = make(pools + 512)
    assert bench.begin(pools) == OK
    first = -(-pools // GRANULE) * GRANULE
    blocks: list[tuple[Any, int]] = []
    failed = False
    for step in steps:
        used = first + sum(host.block(size) for _, size in blocks)
        if step >= 0:
            block = bench.take(step)
            fits = used + host.block(step) <= pools + 512
            assert (block != bench.ffi.NULL) == fits
            if fits:
                assert bench.place(block) == used
                bench.ffi.buffer(block, step)[:] = b"\xaa" * step
                blocks.append((block, step))
            failed |= not fits
        elif blocks:
            assert bench.give(blocks.pop()[0]) == 0
    while blocks:
        assert bench.give(blocks.pop()[0]) == 0
    assert bench.end() == (MEMORY if failed else OK)
