from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.executor_graphs import SIZE, chain

from micrort.errors import ModelError, RuntimeStatusError, UsageError
from micrort.native.executor import HostExecutor
from micrort.native.memory import GuardedMemory


def last(expected: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    name = list(expected)[-1]
    return {name: expected[name]}


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("pools", [1, 2, 3])
@pytest.mark.parametrize("rows_per_step", [1, 2, SIZE])
def test_run_gives_the_bytes_of_single_kernels(pools, rows_per_step):
    made = chain(1, (2, 4, 3, 5), pools, rows_per_step)
    executor = HostExecutor(made.graph)
    for seed in range(3):
        value = made.input(seed)
        executor.set_input("a0", value)
        assert_same(executor.run(), last(made.expected(value)))


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_steps_give_the_bytes_of_run(count):
    made = chain(2, rows_per_step=2)
    executor = HostExecutor(made.graph)
    value = made.input(7)
    for _ in range(2):
        executor.set_input(0, value)
        calls = 1
        while not executor.step(count):
            calls += 1
        assert calls == -(-len(made.graph.steps) // count)
        assert_same(executor.outputs(), last(made.expected(value)))


def test_executors_of_the_same_and_of_other_graphs_interleave():
    chains = [chain(3, rows_per_step=1), chain(3, rows_per_step=1), chain(4, (1, 6, 2), pools=2, rows_per_step=2)]
    executors = [HostExecutor(made.graph) for made in chains]
    values = [made.input(seed) for seed, made in enumerate(chains)]
    for executor, value in zip(executors, values, strict=True):
        executor.set_input(0, value)
    running = list(executors)
    while running:
        running = [executor for executor in running if not executor.step()]
    for executor, made, value in zip(executors, chains, values, strict=True):
        assert_same(executor.outputs(), last(made.expected(value)))


@pytest.mark.parametrize("rows_per_step", [1, 2, SIZE])
def test_run_nodes_yields_every_tensor_in_order(rows_per_step):
    made = chain(5, (2, 4, 3, 5), 2, rows_per_step)
    value = made.input(1)
    executor = HostExecutor(made.graph)
    executor.set_input(0, value)
    executor.step()  # abandoned by run_nodes; it made rows of the first node's output only
    found = list(executor.run_nodes())
    assert [name for name, _ in found] == ["n0", "n1", "n2"]
    assert_same({name: array for _, outputs in found for name, array in outputs.items()}, made.expected(value))


def test_run_nodes_sees_tensors_that_are_overwritten_later():
    made = chain(6, (3, 3, 3, 3))
    entries = list(made.graph.tensors)
    first, third = made.graph.inputs[0], made.graph.nodes[1].outputs[0]
    entries[third] = replace(entries[third], offset=entries[first].offset)
    last_output = made.graph.outputs[0]
    entries[last_output] = replace(entries[last_output], offset=entries[made.graph.nodes[0].outputs[0]].offset)
    executor = HostExecutor(replace(made.graph, tensors=tuple(entries)))
    value = made.input(2)
    executor.set_input(0, value)
    found = {name: array for _, outputs in executor.run_nodes() for name, array in outputs.items()}
    assert_same(found, made.expected(value))


@pytest.mark.parametrize(
    ("which", "value", "words"),
    [
        ("b", np.zeros((1, SIZE, SIZE, 2), np.int8), "has no input 'b'; its inputs: a0"),
        (1, np.zeros((1, SIZE, SIZE, 2), np.int8), "has no input 1"),
        (-1, np.zeros((1, SIZE, SIZE, 2), np.int8), "has no input -1"),
        (0, np.zeros((1, SIZE, SIZE, 2), np.uint8), "takes int8.*not uint8"),
        (0, np.zeros((1, SIZE, SIZE, 3), np.int8), r"takes int8\[1, 5, 5, 2\], not int8\[1, 5, 5, 3\]"),
    ],
)
def test_set_input_refuses(which, value, words):
    executor = HostExecutor(chain(1).graph)
    with pytest.raises(UsageError, match=words):
        executor.set_input(which, value)


def test_set_input_takes_arrays_that_are_not_contiguous():
    made = chain(1)
    value = made.input(0)
    executor = HostExecutor(made.graph)
    executor.set_input(0, np.asfortranarray(value))
    assert_same(executor.run(), last(made.expected(value)))


def test_outputs_need_a_completed_inference():
    executor = HostExecutor(chain(1).graph)
    with pytest.raises(RuntimeStatusError, match="state"):
        executor.outputs()


def test_unknown_kernels_are_all_named():
    graph = chain(1).graph
    nodes = tuple(replace(node, kernel=f"{node.name}_s4") for node in graph.nodes)
    with pytest.raises(ModelError, match=r"n0_s4(.|\n)*n1_s4"):
        HostExecutor(replace(graph, nodes=nodes))


@pytest.mark.parametrize("change", [{"offset": 1 << 33}, {"offset": -1}, {"shape": (1 << 17, 1, 1)}])
def test_what_the_tables_cannot_hold_is_refused_by_name(change):
    graph = chain(1).graph
    tensors = (replace(graph.tensors[0], **change), *graph.tensors[1:])
    with pytest.raises(ModelError, match=r"chain1(.|\n)*does not fit the tables"):
        HostExecutor(replace(graph, tensors=tensors))


def test_too_many_dimensions_are_refused_by_name():
    graph = chain(1).graph
    tensors = (replace(graph.tensors[0], shape=(1, 1, 1, 1, SIZE, SIZE, 2)), *graph.tensors[1:])
    with pytest.raises(ModelError, match="a0 has 7 dimensions; at most 6"):
        HostExecutor(replace(graph, tensors=tensors))


def test_missing_attribute_is_refused_by_name():
    graph = chain(1).graph
    attrs = {name: value for name, value in graph.nodes[0].attrs.items() if name != "groups"}
    with pytest.raises(ModelError, match="groups"):
        HostExecutor(replace(graph, nodes=(replace(graph.nodes[0], attrs=attrs), *graph.nodes[1:])))


def test_tables_that_point_out_of_bounds_are_refused():
    graph = chain(1).graph
    with pytest.raises(RuntimeStatusError, match="mrt_graph_check"):
        HostExecutor(replace(graph, arenas=(replace(graph.arenas[0], size=16),)))


def test_a_refusing_kernel_names_its_node():
    graph = chain(1).graph
    attrs = {**graph.nodes[1].attrs, "stride_width": 0}
    with pytest.raises(RuntimeStatusError, match=r"kernel conv2d_s8 refuses n1: .*attributes"):
        HostExecutor(replace(graph, nodes=(graph.nodes[0], replace(graph.nodes[1], attrs=attrs))))


@pytest.mark.parametrize(("offset", "side"), [(-1, "before"), (100, "behind"), (163, "behind"), (-64, "before")])
def test_guards_notice_a_write_outside_the_memory(offset, side):
    from micrort.native import library

    ffi, _ = library.load()
    memory = GuardedMemory(ffi, "sram", 100, 32)
    assert int(ffi.cast("uintptr_t", memory.base)) % 32 == 0
    memory.write(0, bytes(100))
    memory.check()
    memory.write(offset, b"x")
    with pytest.raises(MemoryError, match=f"sram: bytes {side}"):
        memory.check()


def test_run_and_step_check_the_guards():
    made = chain(1)
    executor = HostExecutor(made.graph)
    executor.set_input(0, made.input(0))
    executor._arenas[0].write(made.graph.arenas[0].size, b"x")
    with pytest.raises(MemoryError, match="pool0"):
        executor.run()
    with pytest.raises(MemoryError, match="pool0"):
        executor.step()
