"""Rows that are pushed and popped: the life of an inference, and every misuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from micrort.compiler import CompileOptions, compile_model
from micrort.errors import RuntimeStatusError, UsageError
from micrort.native.executor import HostExecutor

DIGITS = Path(__file__).parents[1] / "models" / "digits_int8.tflite"


@pytest.fixture(scope="module")
def streamed() -> HostExecutor:
    name = compile_model(DIGITS).graph.tensors[0].name
    executor = HostExecutor(compile_model(DIGITS, CompileOptions(stream_inputs=(input_name(),))).graph)
    assert name
    return executor


def input_name() -> str:
    graph = compile_model(DIGITS).graph
    return graph.tensors[graph.inputs[0]].name


def rows_of(executor: HostExecutor, value: np.ndarray) -> list[bytes]:
    size = executor.graph.tensors[executor.graph.inputs[0]].row_bytes
    data = value.tobytes()
    return [data[first : first + size] for first in range(0, len(data), size)]


def picture(executor: HostExecutor, seed: int) -> np.ndarray:
    shape = executor.graph.tensors[executor.graph.inputs[0]].shape
    return np.random.default_rng(seed).integers(-128, 128, shape, np.int8)


def whole(value: np.ndarray) -> bytes:
    executor = HostExecutor(compile_model(DIGITS, CompileOptions(optimize="speed")).graph)
    executor.set_input(0, value)
    (output,) = executor.run().values()
    return output.tobytes()


def result(executor: HostExecutor) -> bytes:
    (output,) = executor.outputs().values()
    return output.tobytes()


def test_rows_are_pushed(streamed: HostExecutor) -> None:
    streamed.by_hand()
    for seed in range(2):
        streamed.reset()
        value = picture(streamed, seed)
        counts = [streamed.push_row(0, row) for row in rows_of(streamed, value)]
        assert sum(counts) == sum(step.kind.value == "call" for step in streamed.graph.steps)
        assert result(streamed) == whole(value)


def test_the_same_as_a_whole(streamed: HostExecutor) -> None:
    streamed = HostExecutor(streamed.graph)
    value = picture(streamed, 5)
    streamed.set_input(0, value)
    streamed.run()
    assert result(streamed) == whole(value)


def test_a_restart_drops_what_was_pushed(streamed: HostExecutor) -> None:
    streamed.by_hand()
    streamed.reset()
    first, second = (rows_of(streamed, picture(streamed, seed)) for seed in (7, 8))
    for row in first[:3]:
        streamed.push_row(0, row)
    assert streamed.waiting() == ("input", 0, 3)
    streamed.reset()
    assert streamed.waiting() == ("input", 0, 0)
    for row in second:
        streamed.push_row(0, row)
    assert result(streamed) == whole(picture(streamed, 8))


def test_misuse(streamed: HostExecutor) -> None:
    streamed.by_hand()
    streamed.reset()
    rows = rows_of(streamed, picture(streamed, 1))
    for wrong in (rows[0][:-1], rows[0] + b"x", b""):
        with pytest.raises(RuntimeStatusError, match="argument"):
            streamed.push_row(0, wrong)
    with pytest.raises(RuntimeStatusError, match="argument"):
        streamed.push_row(1, rows[0])
    with pytest.raises(RuntimeStatusError, match="argument"):
        streamed.pop_row(0)  # the output is not streamed
    for row in rows[:-1]:
        streamed.push_row(0, row)
    with pytest.raises(RuntimeStatusError, match="state"):  # a row is missing
        streamed.outputs()
    assert not streamed.step(1000)
    streamed.push_row(0, rows[-1])
    with pytest.raises(RuntimeStatusError, match="state"):  # a row too many
        streamed.push_row(0, rows[0])
    assert streamed.waiting()[0] == "none"
    with pytest.raises(RuntimeStatusError, match="state"):  # nobody hands rows in
        streamed.run()


def test_names_and_executors_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="no input 'nothing'"):
        compile_model(DIGITS, CompileOptions(stream_inputs=("nothing",)))
    with pytest.raises(UsageError, match="aot"):
        compile_model(DIGITS, CompileOptions(executor="aot", stream_inputs=(input_name(),)))
