"""Corners of mrt_graph_load: sizes that lie, limits that are just kept, what an earlier load left behind."""

from __future__ import annotations

import struct

import pytest
from tests.runtime.test_blob import ATTRS, HEADER, KERNELS, SECTION, STATUSES, Bench

from micrort.ir.executor_graph import ExecutorGraph
from micrort.native.memory import GuardedMemory

SIZE, PARAMS_BYTES = 8, 16
"""Places of words in a header."""


@pytest.fixture
def bench() -> Bench:
    return Bench()


def load(bench: Bench, model: tuple[bytes, int, int], params: tuple[bytes, int, int]) -> str:
    """Load blobs apart; each is its bytes, the size that is claimed, and how far it lies from an aligned address."""
    blobs, bench.kept = [], []
    for data, size, shift in (model, params):
        memory = GuardedMemory(bench.ffi, "blob", len(data) + 16, 16)
        memory.write(shift, bytes(data))
        bench.kept.append(memory)
        blobs.append(bench.ffi.new("mrt_blob_t *", (memory.base + shift, size)))
    return STATUSES[bench.lib.mrt_graph_load(bench.loader, *blobs, bench.loaded)]


@pytest.mark.parametrize("shift", [0, 1, 2, 4, 8])
def test_each_blob_must_be_aligned(bench: Bench, shift: int) -> None:
    model, params = (bench.model, len(bench.model)), (bench.params, len(bench.params))
    want = "OK" if shift == 0 else "ALIGNMENT"
    assert load(bench, (*model, shift), (*params, 0)) == want
    assert load(bench, (*model, 0), (*params, shift)) == want


@pytest.mark.parametrize("size", [0, 1, 16, 31, 32, 160, -16, -1])
def test_no_byte_behind_the_given_size_is_believed(bench: Bench, size: int) -> None:
    """The bytes are all there and sound, but the caller does not own them."""
    for place in (0, 1):
        blobs = [(bench.model, len(bench.model), 0), (bench.params, len(bench.params), 0)]
        data = blobs[place][0]
        claimed = size if size >= 0 else len(data) + size
        if claimed < len(data):
            blobs[place] = (data, claimed, 0)
            assert load(bench, *blobs) == "FORMAT"


def test_a_section_may_have_as_many_elements_as_its_count_can_say() -> None:
    for count, status in ((65535, "OK"), (65536, "FORMAT")):
        case = Bench()
        first, used = case.element(ATTRS), struct.unpack_from("<I", case.model, HEADER + ATTRS * SECTION + 8)[0]
        words = bytes(case.model[first : first + 4 * used])
        struct.pack_into("<II", case.model, HEADER + ATTRS * SECTION + 4, len(case.model), count)
        case.model += words.ljust(4 * count, b"\0")
        case.model += bytes(-len(case.model) % 16)
        struct.pack_into("<I", case.model, SIZE, len(case.model))
        case.seal()
        assert case.load(apart=True) == status
        if status == "OK":
            case.run()


def test_a_section_table_must_end_within_the_size() -> None:
    """A graph of nothing, whose size ends before its last sections: what lies there is not the blob's."""
    case = Bench(ExecutorGraph("", (), (), (), (), (), (), b""))
    assert case.load(apart=True) == "OK"
    for place in range(10):
        struct.pack_into("<II", case.model, HEADER + place * SECTION + 4, 48, 0)
    struct.pack_into("<I", case.model, SIZE, 144)
    whole = bytes(case.model)
    case.model = bytearray(whole[:144])
    case.seal()
    assert load(case, (case.model + whole[144:], len(whole), 0), (case.params, len(case.params), 0)) == "FORMAT"


@pytest.mark.parametrize(("more", "status"), [(0, "OK"), (1, "FORMAT"), (16, "FORMAT"), (64, "FORMAT")])
def test_params_hold_the_bytes_that_graph_and_params_agree_on(bench: Bench, more: int, status: str) -> None:
    count = len(bench.params) - HEADER + more
    for blob in (bench.model, bench.params):
        struct.pack_into("<I", blob, PARAMS_BYTES, count)
    bench.seal()
    assert bench.load(apart=True) == status


def test_kernels_behind_the_offered_ones_are_not_looked_at(bench: Bench) -> None:
    bench.loader.kernel_count = 1  # row 0 is empty, row 1 is what the graph needs
    assert bench.load() == "KERNEL"
    bench.loader.kernel_count = 2
    assert bench.load() == "OK"


def test_a_long_list_of_missing_kernels_leaves_the_rest_of_the_loader_alone(bench: Bench) -> None:
    struct.pack_into("<II", bench.model, HEADER + KERNELS * SECTION + 4, len(bench.model), 20)
    bench.model += b"".join(struct.pack("<HH", 200 + index, 0) for index in range(20))
    struct.pack_into("<I", bench.model, SIZE, len(bench.model))
    bench.seal()
    assert bench.load(apart=True) == "KERNEL"
    assert (bench.loader.missing_count, bench.loader.node) == (20, 2**32 - 1)


def test_nothing_of_an_earlier_load_is_left_in_the_loader(bench: Bench) -> None:
    bench.loader.kernels_needed = bench.loader.words_needed = bench.loader.missing_count = bench.loader.node = 7
    bench.model[40] ^= 1
    assert bench.load() == "CHECKSUM"
    loader = bench.loader
    assert (loader.kernels_needed, loader.words_needed, loader.missing_count, loader.node) == (0, 0, 0, 2**32 - 1)
