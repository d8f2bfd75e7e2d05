"""Schedules by rows give the bytes of whole tensors, which are LiteRT's, in less memory.

MICRORT_CASES=200 pytest tests/differential/test_rows.py        many more networks
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.differential.images import networks
from tests.differential.test_differential import check

from micrort import inputs
from micrort.codegen import blob
from micrort.compiler import CompileOptions, compile_model
from micrort.errors import UsageError
from micrort.frontends import tflite
from micrort.ir.executor_graph import ExecutorGraph
from micrort.native.executor import HostExecutor

CASES = int(os.environ.get("MICRORT_CASES", "6"))
SETTINGS = settings(
    max_examples=CASES,
    deadline=None,
    derandomize="MICRORT_SEEDED" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def compiled(model: bytes, **options: object) -> ExecutorGraph:
    return compile_model(tflite.load(model, "model", "model"), CompileOptions(**options)).graph  # type: ignore[arg-type]


def outputs(executor: HostExecutor, seed: int) -> dict[str, bytes]:
    """Of an inference on inputs of `seed`."""
    graph = executor.graph
    for name, array in inputs.generate(seed, [graph.tensors[index] for index in graph.inputs]).items():
        executor.set_input(name, array)
    return {name: array.tobytes() for name, array in executor.run().items()}


def arena(graph: ExecutorGraph) -> int:
    return sum(item.size for item in graph.arenas)


@pytest.mark.parametrize("target", [None, "cortex-m4", "cortex-m55"])
def test_rows_give_the_bytes_of_whole_tensors(target: str | None) -> None:
    @SETTINGS
    @given(networks(), st.integers(0, 99))
    def run(model: bytes, seed: int) -> None:
        whole = compiled(model, target=target, optimize="speed")
        wanted = outputs(HostExecutor(whole), seed)
        for options in ({"optimize": "ram"}, {"max_ram": 1}):
            graph = compiled(model, target=target, **options)
            event(f"{len(graph.steps) > len(graph.nodes)} by rows")
            assert arena(graph) <= arena(whole)
            assert outputs(HostExecutor(graph), seed) == wanted
            assert outputs(HostExecutor(graph, blob.write(graph).model), seed) == wanted

    run()


@SETTINGS
@given(networks(), st.integers(0, 99))
def test_rows_give_the_bytes_of_the_reference(model: bytes, seed: int) -> None:
    check("NETWORK", model, seed, CompileOptions(max_ram=1))


@SETTINGS
@given(networks(), st.integers(0, 99))
def test_streams_give_the_bytes_of_whole_tensors(model: bytes, seed: int) -> None:
    """Rows pushed and popped by hand, and by callbacks, twice in a row."""
    whole = compiled(model, optimize="speed")
    wanted = outputs(HostExecutor(whole), seed)
    name = whole.tensors[whole.inputs[0]].name
    last = whole.tensors[whole.outputs[-1]].name
    try:
        graph = compiled(model, max_ram=1, stream_inputs=(name,), stream_outputs=(last,))
    except UsageError as problem:
        event("cannot be streamed")
        assert "cannot be streamed" in str(problem)
        return
    executor = HostExecutor(graph)
    for _ in range(2):
        assert outputs(executor, seed) == wanted
    executor.by_hand()
    entry = graph.tensors[graph.inputs[0]]
    value = inputs.generate(seed, [entry])[name].tobytes()
    for _ in range(2):
        executor.reset()
        assert push_all(executor, value, entry.row_bytes) == wanted[last]


def push_all(executor: HostExecutor, value: bytes, row_bytes: int) -> bytes:
    """The rows of output -1, popped as they come while rows of input 0 are pushed."""
    popped = b""
    pushed = 0
    while pushed < len(value):
        kind, index, _ = executor.waiting()
        if kind == "output":
            popped += executor.pop_row(index)
        elif kind == "none":  # rows that need no input, of padding say
            executor.step(1000)
        else:
            executor.push_row(0, value[pushed : pushed + row_bytes])
            pushed += row_bytes
    while executor.waiting()[0] == "output":
        popped += executor.pop_row(executor.waiting()[1])
    assert executor.waiting()[0] == "none"
    return popped
