"""Equal constants lie in the params once, whatever they are for; what kernels read stays the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from tests.passes.graphs import Maker, evaluate, graphs
from tests.passes.test_graph_passes import graph_of, random_inputs

from micrort import compiler
from micrort.ir import DType, Graph, KernelCall, Program, Quantisation, Tensor
from micrort.native.executor import HostExecutor
from micrort.operators.relu import Relu
from micrort.passes import spec
from micrort.passes.share_constants import share_constants


def constant(name: str, data: np.ndarray, scale: float | None = None) -> Tensor:
    quantisation = None if scale is None else Quantisation((scale,), (0,))
    return Tensor(name, data.shape, DType(data.dtype.name), quantisation, data)


def shared(*constants: Tensor) -> Program:
    """A program with a call for each constant, all on one input, shared."""
    tensors = {item.name: item for item in (*constants, Tensor("x", (4,), DType.S8))}
    calls = []
    for index, item in enumerate(constants):
        tensors[f"y{index}"] = Tensor(f"y{index}", (4,), DType.S8)
        calls.append(KernelCall(f"call{index}", "copy", ("x", item.name), (f"y{index}",), {}))
    outputs = tuple(call.outputs[0] for call in calls)
    program = share_constants(Program("made", tensors, tuple(calls), ("x",), outputs))
    assert spec.program(program) is None
    return program


def read(program: Program) -> list[str]:
    return [call.inputs[1] for call in program.calls]


def test_equal_constants_are_one_and_lose_differing_scales() -> None:
    data = np.arange(4, dtype=np.int8)
    program = shared(constant("a", data, 0.5), constant("b", data.copy(), 0.25), constant("c", data + 1, 0.5))
    assert read(program) == ["a", "a", "c"]
    assert program.tensors["a"].quantisation is None and program.tensors["c"].quantisation is not None
    assert "b" not in program.tensors


def test_equal_bytes_of_another_shape_are_a_view() -> None:
    data = np.arange(4, dtype=np.int8)
    program = shared(constant("a", data), constant("b", data.reshape(2, 1, 2)), constant("c", data.reshape(2, 1, 2)))
    assert read(program) == ["a", "b", "b"]
    assert program.aliases == {"b": "a"}
    assert program.tensors["b"].shape == (2, 1, 2) and not program.tensors["b"].is_constant


def test_equal_bytes_of_another_type_stay_apart() -> None:
    program = shared(constant("a", np.zeros(4, np.int32)), constant("b", np.zeros(4, np.float32)))
    assert read(program) == ["a", "b"] and not program.aliases


def test_tables_of_equal_activations_are_one() -> None:
    made = Maker(np.random.default_rng(0))
    made.add("input", (1, 2, 3, 4), -3)
    for source in ("input", "t0"):
        made.node(Relu(), (source,), (1, 2, 3, 4), 3 if source == "input" else 5)
    made.node(Relu(), ("input",), (1, 2, 3, 4), 3)
    package = compiler.compile_model(graph_of(made, "t1", "t2"))
    assert package.figures["weights_bytes"] == 2 * 256
    check(graph_of(made, "t1", "t2"))


def check(graph: Graph) -> None:
    """The compiled graph gives the bytes that its nodes do one by one."""
    executor = HostExecutor(compiler.compile_model(graph).graph)
    inputs = random_inputs(graph)
    executor.set_input("input", inputs["input"])
    results = executor.run()
    names = [executor.graph.tensors[index].name for index in executor.graph.outputs]
    for name, want in zip(names, evaluate(graph, inputs), strict=True):
        np.testing.assert_array_equal(results[name], want, strict=True)


def test_views_of_constants_run() -> None:
    made = Maker(np.random.default_rng(0))
    made.add("input", (1, 2, 3, 4), -3)
    # the same bytes as filters of 1x1 over four channels and as a depthwise filter
    from micrort.operators.conv2d import Conv2D
    from micrort.operators.depthwise_conv2d import DepthwiseConv2D
    from micrort.operators.window import Padding

    data = np.random.default_rng(1).integers(-127, 128, 16, dtype=np.int8)
    for name, shape in (("w", (4, 1, 1, 4)), ("v", (1, 2, 2, 4))):
        made.tensors[name] = Tensor(name, shape, DType.S8, Quantisation((0.01,), (0,)), data.reshape(shape))
    made.node(Conv2D((1, 1), (1, 1), Padding.SAME), ("input", "w"), (1, 2, 3, 4), 2)
    made.node(DepthwiseConv2D((1, 1), (1, 1), Padding.SAME), ("t0", "v"), (1, 2, 3, 4), 2)
    graph = graph_of(made, "t1")
    params = compiler.compile_model(graph).graph.params
    assert params.count(data.tobytes()) == 1
    check(graph)


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_random_graphs_keep_their_bytes(graph: Graph) -> None:
    check(graph)
