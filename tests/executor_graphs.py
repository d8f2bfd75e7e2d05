"""Small executor graphs, built by hand: chains of convolutions whose tensors lie side by side in one or two pools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from micrort.ir import DType, Step
from micrort.ir.executor_graph import PARAMS_POOL, ExecutorGraph, NodeEntry, TensorEntry
from micrort.ir.program import Arena, StepKind
from micrort.native import kernels

SIZE = 5
"""Height and width of every activation."""


@dataclass
class Chain:
    """A graph, and what is needed to compute it node by node."""

    graph: ExecutorGraph
    constants: dict[int, np.ndarray] = field(default_factory=dict)
    """By index of the tensor."""

    def input(self, seed: int) -> np.ndarray:
        """A random input, int8 [1, SIZE, SIZE, channels]."""
        shape = self.graph.tensors[self.graph.inputs[0]].shape
        return np.random.default_rng(seed).integers(-128, 128, shape, dtype=np.int8)

    def expected(self, value: np.ndarray) -> dict[str, np.ndarray]:
        """Every activation behind the input, each node computed by itself in memory of its own."""
        known = {**self.constants, self.graph.inputs[0]: value}
        for node in self.graph.nodes:
            output = self.graph.tensors[node.outputs[0]]
            inputs = [known[index] for index in node.inputs]
            (known[node.outputs[0]],) = kernels.call(node.kernel, node.attrs, inputs, [(output.shape, output.dtype)])
        return {self.graph.tensors[node.outputs[0]].name: known[node.outputs[0]] for node in self.graph.nodes}


def chain(seed: int, channels: tuple[int, ...] = (2, 4, 3), pools: int = 1, rows_per_step: int = SIZE) -> Chain:
    """A chain of 3x3 convolutions with random weights; node i makes channels[i + 1] channels.

    Args:
        seed: of weights and quantisation.
        channels: of the input and of each node's output.
        pools: activations alternate between so many memory pools.
        rows_per_step: output rows of each step.
    """
    random = np.random.default_rng(seed)
    tensors = [_activation("a0", channels[0], pool=0, offset=0)]
    used = [-(-tensors[0].bytes // 16) * 16, *[0] * (pools - 1)]
    params = bytearray()
    nodes = []
    made: dict[int, np.ndarray] = {}
    source = 0
    for index, (before, after) in enumerate(pairwise(channels)):
        inputs = [source]
        for name, array in _constants(random, before, after):
            params.extend(bytes(-len(params) % 16))
            entry = TensorEntry(f"n{index}/{name}", array.shape, DType(array.dtype.name), PARAMS_POOL, len(params))
            params.extend(array.tobytes())
            made[len(tensors)] = array
            inputs.append(len(tensors))
            tensors.append(entry)
        pool = (index + 1) % pools
        source = len(tensors)
        tensors.append(_activation(f"a{index + 1}", after, pool, used[pool]))
        used[pool] += -(-tensors[-1].bytes // 16) * 16
        nodes.append(NodeEntry(f"n{index}", "conv2d_s8", tuple(inputs), (source,), None, _attrs(before, after)))
    steps = [Step(node, *rows) for node in range(len(nodes)) for rows in _rows(rows_per_step)]
    arenas = tuple(Arena(f"pool{index}", size, 16) for index, size in enumerate(used))
    graph = ExecutorGraph(
        f"chain{seed}", tuple(tensors), tuple(nodes), tuple(steps), (0,), (source,), arenas, bytes(params)
    )
    return Chain(graph, made)


def streamed(seed: int) -> Chain:
    """A convolution whose input and output are handed over row by row: three input rows are kept, one output row.

    A row is due before the rows of the output that need it, and each output row as soon as it is made.
    """
    case = chain(seed, channels=(2, 4))
    source, output = case.graph.inputs[0], case.graph.outputs[0]
    pitch = 12  # bytes of an input row, as whole words
    places = {
        source: tuple(row % 3 * pitch for row in range(SIZE)),
        output: (3 * pitch,) * SIZE,
    }
    tensors = [
        replace(entry, offset=places[index][0], row_offsets=places[index]) if index in places else entry
        for index, entry in enumerate(case.graph.tensors)
    ]
    steps = [Step(0, 0, 1, StepKind.INPUT)]
    for row in range(SIZE):
        if row + 1 < SIZE:
            steps.append(Step(0, row + 1, row + 2, StepKind.INPUT))
        steps += [Step(0, row, row + 1), Step(0, row, row + 1, StepKind.OUTPUT)]
    size = 3 * pitch + tensors[output].row_bytes
    arenas = (replace(case.graph.arenas[0], size=size),)
    graph = replace(case.graph, name=f"streamed{seed}", tensors=tuple(tensors), steps=tuple(steps), arenas=arenas)
    return Chain(graph, case.constants)


def _activation(name: str, channels: int, pool: int, offset: int) -> TensorEntry:
    return TensorEntry(name, (1, SIZE, SIZE, channels), DType.S8, pool, offset, scale=0.5, zero_point=-3)


def _constants(random: np.random.Generator, before: int, after: int) -> Iterator[tuple[str, np.ndarray]]:
    yield "weights", random.integers(-127, 128, (after, 3, 3, before), dtype=np.int8)
    yield "bias", random.integers(-500, 500, after, dtype=np.int32)
    yield "multiplier", random.integers(1 << 30, (1 << 31) - 1, after, dtype=np.int32)
    yield "shift", random.integers(-9, -6, after, dtype=np.int32)


def _attrs(before: int, after: int) -> dict[str, int | float]:
    pairs = {"kernel": 3, "stride": 1, "dilation": 1, "input": SIZE, "output": SIZE}
    return {
        **{f"{name}_{axis}": value for name, value in pairs.items() for axis in ("height", "width")},
        "input_channels": before,
        "output_channels": after,
        "padding_top": 1,
        "padding_left": 1,
        "groups": 1,
        "input_offset": 3,
        "output_offset": -3,
        "activation_min": -128,
        "activation_max": 127,
    }


def _rows(step: int) -> Iterator[tuple[int, int]]:
    for begin in range(0, SIZE, step):
        yield begin, min(begin + step, SIZE)
