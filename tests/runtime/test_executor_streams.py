"""Rows that are handed over, called as an application calls it: by hand, by callbacks, and every misuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.executor_graphs import SIZE, Chain, streamed
from tests.runtime.test_executor import Bench

from micrort.ir import DType
from micrort.ir.executor_graph import TensorEntry
from micrort.ir.program import StepKind

ROW_IN, ROW_OUT = 10, 20
"""Bytes of a row of the input and of the output."""
NONE, INPUT, OUTPUT = 0, 1, 2
"""mrt_waiting_t."""


class Rows(Bench):
    """A streamed convolution, and rows for it."""

    def __init__(self) -> None:
        super().__init__(streamed(3))
        self.value = self.chain.input(4)
        self.result = self.expected(self.value)
        self.steps = self.ffi.new("uint32_t *", 99)
        self.room = self.ffi.new("uint8_t[]", ROW_OUT)
        self.calls: list[tuple[str, int, int]] = []

    def data(self, index: int) -> Any:
        return self.ffi.from_buffer(self.value.tobytes()[index * ROW_IN : (index + 1) * ROW_IN])

    def push(self, index: int, steps: bool = True) -> str:
        where = self.steps if steps else self.ffi.NULL
        return str(self.push_row(self.executor, 0, self.data(index), ROW_IN, where))

    def pop(self, steps: bool = True) -> tuple[str, bytes]:
        status = self.pop_row(self.executor, 0, self.room, ROW_OUT, self.steps if steps else self.ffi.NULL)
        return str(status), bytes(self.ffi.buffer(self.room))

    def due(self) -> tuple[int, int, int, int]:
        row = self.ffi.new("mrt_row_t *")
        assert self.waiting(self.executor, row) == "OK"
        return row.waiting, row.index, row.row, row.size

    def callbacks(self, source: bool = True, sink: bool = True, fails: tuple[str, int] | None = None) -> None:
        """Rows come and go by callbacks; the one of that name fails at that row with ERR_RUN."""
        ffi = self.ffi
        made = bytearray()
        self.made = made
        self.context = ffi.new("int *")

        def hand(name: str, context: Any, index: int, row: int, size: int) -> int:
            assert context == self.context
            self.calls.append((name, index, row))
            assert size == {"source": ROW_IN, "sink": ROW_OUT}[name]
            return -12 if fails == (name, row) else 0

        @ffi.callback("mrt_row_callback_t")
        def give(context: Any, index: int, row: int, data: Any, size: int) -> int:
            ffi.memmove(data, self.data(row), ROW_IN)
            return hand("source", context, index, row, size)

        @ffi.callback("mrt_row_callback_t")
        def take(context: Any, index: int, row: int, data: Any, size: int) -> int:
            made.extend(ffi.buffer(data, size))
            return hand("sink", context, index, row, size)

        ends = (give if source else ffi.NULL, take if sink else ffi.NULL, self.context)
        self.stream = ffi.new("mrt_stream_t *", ends)
        self.kept = (give, take)
        assert self.set_stream(self.executor, self.stream) == "OK"


@pytest.fixture
def rows() -> Rows:
    bench = Rows()
    bench.ready()
    return bench


def test_an_inference_by_hand(rows):
    for _ in range(2):
        made = b""
        assert rows.due() == (INPUT, 0, 0, ROW_IN)
        assert (rows.push(0), rows.steps[0]) == ("OK", 0)
        for index in range(SIZE):
            if index + 1 < SIZE:
                assert rows.due() == (INPUT, 0, index + 1, ROW_IN)
                assert (rows.push(index + 1), rows.steps[0]) == ("OK", 1)
            assert rows.due() == (OUTPUT, 0, index, ROW_OUT)
            status, data = rows.pop()
            assert (status, rows.steps[0]) == ("OK", 1 if index == SIZE - 2 else 0)
            made += data
        assert rows.due() == (NONE, 0, 0, 0)
        assert made == rows.result
        assert rows.reset(rows.executor) == "OK"


def test_who_does_not_ask_is_not_told_the_steps(rows):
    assert rows.push(0, steps=False) == "OK"
    assert rows.push(1, steps=False) == "OK"
    assert rows.pop(steps=False) == ("OK", rows.result[:ROW_OUT])
    assert rows.steps[0] == 99


def test_rows_that_are_not_due(rows):
    assert rows.pop()[0] == "STATE"
    assert rows.push(0) == "OK"
    assert rows.pop()[0] == "STATE"
    assert rows.push(1) == "OK"
    assert rows.push(2) == "STATE"
    assert rows.due() == (OUTPUT, 0, 0, ROW_OUT)
    for index in range(2, SIZE):
        assert rows.pop()[0] == "OK"
        assert rows.push(index) == "OK"
    assert rows.pop()[0] == rows.pop()[0] == "OK"
    assert rows.pop()[0] == "STATE"
    assert rows.push(0) == "STATE"  # the inference is complete


def test_arguments(rows):
    null, data, done = rows.ffi.NULL, rows.ffi.new("uint8_t[]", 100), rows.ffi.new("bool *")
    for call, size in ((rows.push_row, ROW_IN), (rows.pop_row, ROW_OUT)):
        assert call(null, 0, data, size, null) == "ARGUMENT"
        assert call(rows.executor, 1, data, size, null) == "ARGUMENT"
        assert call(rows.executor, 0, null, size, null) == "ARGUMENT"
        assert call(rows.executor, 0, data, size - 1, null) == "ARGUMENT"
        assert call(rows.executor, 0, data, size + 1, null) == "ARGUMENT"
    assert rows.due() == (INPUT, 0, 0, ROW_IN)
    assert rows.waiting(null, rows.ffi.new("mrt_row_t *")) == "ARGUMENT"
    assert rows.waiting(rows.executor, null) == "ARGUMENT"
    assert rows.set_stream(null, null) == "ARGUMENT"
    buffer = rows.ffi.new("mrt_buffer_t *")
    assert rows.input(rows.executor, 0, buffer) == rows.output(rows.executor, 0, buffer) == "ARGUMENT"
    assert rows.set_input(rows.executor, 0, data, 50) == rows.get_output(rows.executor, 0, data, 100) == "ARGUMENT"
    assert rows.step(rows.executor, 100, done) == "OK"
    assert not done[0]


def test_inputs_and_outputs_end_where_their_counts_say(rows):
    """Whatever stands behind them."""
    inputs = rows.ffi.new("mrt_tensor_info_t[]", [rows.graph.inputs[0]] * 2)
    outputs = rows.ffi.new("mrt_tensor_info_t[]", [rows.graph.outputs[0]] * 2)
    rows.graph.inputs, rows.graph.outputs = inputs, outputs
    data = rows.ffi.new("uint8_t[]", ROW_OUT)
    assert rows.push_row(rows.executor, 1, data, ROW_IN, rows.ffi.NULL) == "ARGUMENT"
    assert rows.pop_row(rows.executor, 1, data, ROW_OUT, rows.ffi.NULL) == "ARGUMENT"
    rows.graph.output_count = 2
    assert rows.push_row(rows.executor, 1, data, ROW_IN, rows.ffi.NULL) == "ARGUMENT"
    rows.graph.input_count, rows.graph.output_count = 2, 1
    assert rows.pop_row(rows.executor, 1, data, ROW_OUT, rows.ffi.NULL) == "ARGUMENT"


def test_streams_behind_whole_tensors(rows):
    """Input 1 and output 1 are handed over; input 0 and output 0 are a tensor of its own, which stays as it is."""
    graph = rows.chain.graph
    tensors = (*graph.tensors, TensorEntry("whole", (1, 1, 1, 8), DType.S8, 0, graph.arenas[0].size))
    steps = [step if step.kind is StepKind.CALL else replace(step, call=1) for step in graph.steps]
    ports = {"inputs": (len(tensors) - 1, graph.inputs[0]), "outputs": (len(tensors) - 1, graph.outputs[0])}
    arenas = (replace(graph.arenas[0], size=graph.arenas[0].size + 8),)
    more = Bench(Chain(replace(graph, tensors=tensors, steps=tuple(steps), arenas=arenas, **ports))).ready()
    row, made = more.ffi.new("mrt_row_t *"), b""
    for index in range(SIZE + 1):
        if index < SIZE:
            assert more.push_row(more.executor, 1, rows.data(index), ROW_IN, more.ffi.NULL) == "OK"
        assert more.waiting(more.executor, row) == "OK"
        if index > 0:
            assert (row.waiting, row.index, row.row) == (OUTPUT, 1, index - 1)
            assert more.pop_row(more.executor, 1, rows.room, ROW_OUT, more.ffi.NULL) == "OK"
            made += bytes(more.ffi.buffer(rows.room))
    assert made == rows.result


def test_before_init():
    rows = Rows()
    assert rows.push(0) == "STATE"
    assert rows.pop()[0] == "STATE"
    assert rows.waiting(rows.executor, rows.ffi.new("mrt_row_t *")) == "STATE"
    assert rows.set_stream(rows.executor, rows.ffi.NULL) == "STATE"


def test_whole_tensors_have_no_rows_to_hand_over():
    bench = Bench().ready()
    data = bench.ffi.new("uint8_t[]", 100)
    row = bench.ffi.new("mrt_row_t *", (7, 7, 7, 7))
    assert bench.push_row(bench.executor, 0, data, 10, bench.ffi.NULL) == "ARGUMENT"
    assert bench.pop_row(bench.executor, 0, data, 15, bench.ffi.NULL) == "ARGUMENT"
    assert bench.waiting(bench.executor, row) == "OK"
    assert (row.waiting, row.index, row.row, row.size) == (NONE, 0, 0, 0)


def test_an_inference_by_callbacks(rows):
    rows.callbacks()
    for _ in range(2):
        assert rows.run(rows.executor) == "OK"
    assert bytes(rows.made) == rows.result * 2
    order = [("source", 0, 0)]
    for row in range(SIZE):
        order += [("source", 0, row + 1)] * (row + 1 < SIZE) + [("sink", 0, row)]
    assert rows.calls == order * 2


def test_steps_end_between_rows(rows):
    rows.callbacks()
    done = rows.ffi.new("bool *")
    for row in range(SIZE):
        assert rows.step(rows.executor, 1, done) == "OK"
        assert len(rows.made) == (row + 1) * ROW_OUT
        assert done[0] == (row == SIZE - 1)
        assert rows.due()[0] == NONE  # further steps can run, or it is complete
    assert bytes(rows.made) == rows.result


@pytest.mark.parametrize(("source", "sink"), [(False, True), (True, False), (False, False)])
def test_a_run_needs_somebody_at_both_ends(rows, source, sink):
    rows.callbacks(source, sink)
    assert rows.run(rows.executor) == "STATE"
    assert rows.due() == (INPUT, 0, 0, ROW_IN)  # from the beginning
    done = rows.ffi.new("bool *", True)
    assert rows.step(rows.executor, 100, done) == "OK"
    assert not done[0]
    assert rows.due() == ((INPUT, 0, 0, ROW_IN) if not source else (OUTPUT, 0, 0, ROW_OUT))


def test_callbacks_at_one_end_and_hands_at_the_other(rows):
    rows.callbacks(source=False)
    counts = []
    for index in range(SIZE):
        assert rows.push(index) == "OK"
        counts.append(rows.steps[0])
    assert counts == [0, 1, 1, 1, 2]
    assert bytes(rows.made) == rows.result
    rows.reset(rows.executor)
    rows.callbacks(sink=False)
    made = []
    for _ in range(SIZE):
        status, data = rows.pop()
        assert status == "OK"
        made.append((rows.steps[0], data))
    assert b"".join(data for _, data in made) == rows.result
    assert [steps for steps, _ in made] == [2, 1, 1, 1, 0]  # before the first row, too


@pytest.mark.parametrize("fails", [("source", 0), ("source", 2), ("sink", 0), ("sink", SIZE - 1)])
def test_a_failing_callback_abandons_the_inference(rows, fails):
    rows.callbacks(fails=fails)
    assert rows.run(rows.executor) == "-12"
    assert rows.calls[-1] == (fails[0], 0, fails[1])
    rows.set_stream(rows.executor, rows.ffi.NULL)
    assert rows.due() == (INPUT, 0, 0, ROW_IN)


def test_a_kernel_that_fails_before_and_behind_a_row(rows):
    verdicts: list[int] = []
    kernel = rows.ffi.callback("mrt_kernel_run_t", lambda _: verdicts.pop(0))
    rows.graph.kernels[0] = kernel
    rows.own_row(run=kernel)
    rows.ready()
    verdicts[:] = [-12]
    assert rows.push(0) == "OK"
    assert (rows.push(1), rows.steps[0]) == ("-12", 1)  # behind the row
    assert rows.due() == (INPUT, 0, 0, ROW_IN)
    for call in ("push", "pop"):
        rows.callbacks()
        verdicts[:] = [0, -12]
        done = rows.ffi.new("bool *")
        assert rows.step(rows.executor, 1, done) == "OK"
        rows.set_stream(rows.executor, rows.ffi.NULL)
        assert rows.due() == (NONE, 0, 0, 0)
        assert (rows.push(3) if call == "push" else rows.pop()[0]) == "-12"
        assert rows.due() == (INPUT, 0, 0, ROW_IN)


def test_rows_of_several_streams_come_in_the_order_of_the_schedule(rows):
    """Whatever the data: an extreme picture, twice."""
    for fill in (-128, 127):
        rows.value = np.full_like(rows.value, fill)
        rows.callbacks()
        assert rows.run(rows.executor) == "OK"
        assert bytes(rows.made) == rows.expected(rows.value)
