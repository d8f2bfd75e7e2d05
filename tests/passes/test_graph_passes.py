"""Passes on graphs: what they fold and fuse, what they must leave alone, and that no byte of any output changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.passes.graphs import SCALE, Maker, evaluate, graphs

from micrort import compiler
from micrort.ir import DType, Graph, Operands, Quantisation, Tensor
from micrort.native.executor import HostExecutor
from micrort.operators.base import Operator
from micrort.operators.concatenation import Concatenation
from micrort.operators.conv2d import Conv2D
from micrort.operators.pad import Pad
from micrort.operators.pool2d import AveragePool2D, MaxPool2D
from micrort.operators.quantise import Activation
from micrort.operators.relu import Relu, Relu6
from micrort.operators.requantise import Quantise
from micrort.operators.reshape import Reshape
from micrort.operators.window import ExplicitPadding, Padding
from micrort.passes.drop_dead_nodes import drop_dead_nodes
from micrort.passes.fold_constants import fold_constants
from micrort.passes.fold_dead_channels import fold_dead_channels
from micrort.passes.fold_identities import fold_identities
from micrort.passes.fold_pad import fold_pad
from micrort.passes.fuse_activations import fuse_activations

PASSES = (fold_constants, fold_identities, fold_pad, fuse_activations, drop_dead_nodes, fold_dead_channels)


@settings(max_examples=120, deadline=None)
@given(graphs(), st.sampled_from(PASSES))
def test_a_pass_changes_no_byte(graph: Graph, run) -> None:
    inputs = random_inputs(graph)
    for result, want in zip(evaluate(run(graph), inputs), evaluate(graph, inputs), strict=True):
        np.testing.assert_array_equal(result, want, strict=True)


@settings(max_examples=120, deadline=None)
@given(graphs())
def test_compiled_graph_gives_the_same_bytes(graph: Graph) -> None:
    inputs = random_inputs(graph)
    executor = HostExecutor(compiler.compile_model(graph).graph)
    executor.set_input("input", inputs["input"])
    results = executor.run()
    names = [executor.graph.tensors[index].name for index in executor.graph.outputs]
    for name, want in zip(names, evaluate(graph, inputs), strict=True):
        np.testing.assert_array_equal(results[name], want, strict=True)


def test_a_window_may_be_worked_in_place_over_a_view_of_the_input() -> None:
    """Its output begins before the view and takes the first words of it."""
    made = maker(-128, (1, 1, 3, 2))
    view = made.node(Reshape(), ("input",), (1, 3, 1, 2), -128)
    output = made.convolution(view, Padding.SAME, Activation.NONE, 1, depthwise=True)
    graph = graph_of(made, output)
    executor = HostExecutor(compiler.compile_model(graph).graph)
    places = {tensor.name: tensor.offset for tensor in executor.graph.tensors}
    assert places[output] < places[view] < places[output] + 6
    inputs = random_inputs(graph)
    executor.set_input("input", inputs["input"])
    np.testing.assert_array_equal(executor.run()[output], evaluate(graph, inputs)[0], strict=True)


def random_inputs(graph: Graph) -> dict[str, np.ndarray]:
    return {"input": np.random.default_rng(1).integers(-128, 128, graph.tensors["input"].shape, dtype=np.int8)}


def maker(zero_point: int = -3, shape: tuple[int, ...] = (1, 6, 5, 2)) -> Maker:
    made = Maker(np.random.default_rng(0))
    made.add("input", shape, zero_point)
    return made


def graph_of(made: Maker, *outputs: str) -> Graph:
    return Graph("made", made.tensors, tuple(made.nodes), ("input",), outputs)


def operators(graph: Graph) -> list[type[Operator]]:
    return [type(node.operator) for node in graph.nodes]


def padded(made: Maker, top: int = 1, channel: int = 0, value: int | None = None) -> str:
    """A PAD of one element around, more at the top."""
    n, height, width, channels = made.tensors["input"].shape
    paddings = ((0, 0), (top, 1), (1, 1), (channel, 0))
    inputs: tuple[str, ...] = ("input",)
    if value is not None:
        made.tensors["paddings"] = Tensor("paddings", (4, 2), DType.S32, data=np.array(paddings, np.int32))
        inputs = ("input", "paddings", made.add("value", (1,), made.zero_point("input"), np.array([value], np.int8)))
    shape = (n, height + top + 1, width + 2, channels + channel)
    return made.node(Pad(paddings), inputs, shape, made.zero_point("input"))


def convolution(made: Maker, source: str, padding: Padding = Padding.VALID, activation=Activation.NONE) -> str:
    return made.convolution(source, padding, activation, 1, depthwise=False)


@pytest.mark.parametrize(
    ("padding", "expected"),
    [(Padding.VALID, ExplicitPadding(2, 1, 1, 1)), (Padding.SAME, ExplicitPadding(3, 2, 2, 2))],
)
def test_pad_becomes_padding(padding: Padding, expected: ExplicitPadding) -> None:
    made = maker()
    graph = fold_pad(graph_of(made, convolution(made, padded(made, top=2), padding)))
    assert operators(graph) == [Conv2D]
    assert graph.nodes[0].operator.padding == expected
    assert graph.nodes[0].inputs[0] == "input"


def test_pad_with_another_value_stays() -> None:
    made = maker()
    assert operators(fold_pad(graph_of(made, convolution(made, padded(made, value=0))))) == [Pad, Conv2D]


def test_pad_of_channels_stays() -> None:
    made = maker()
    assert operators(fold_pad(graph_of(made, convolution(made, padded(made, channel=1))))) == [Pad, Conv2D]


def test_pad_that_others_read_stays() -> None:
    made = maker()
    pad = padded(made)
    relu = made.node(Relu(), (pad,), made.tensors[pad].shape, -3)
    assert operators(fold_pad(graph_of(made, convolution(made, pad), relu))) == [Pad, Relu, Conv2D]
    assert operators(fold_pad(graph_of(made, convolution(made, pad), pad))) == [Pad, Relu, Conv2D, Conv2D]


@pytest.mark.parametrize(
    ("zero_point", "kind", "left"),
    [(-128, MaxPool2D, [MaxPool2D]), (-3, MaxPool2D, [Pad, MaxPool2D]), (-128, AveragePool2D, [Pad, AveragePool2D])],
)
def test_pad_before_a_pool_folds_only_where_exact(zero_point: int, kind, left: list[type]) -> None:
    made = maker(zero_point)
    assert operators(fold_pad(graph_of(made, made.pool(padded(made), kind, Padding.VALID)))) == left


@pytest.mark.parametrize(
    ("own", "behind", "fused"),
    [
        (Activation.NONE, Relu(), Activation.RELU),
        (Activation.NONE, Relu6(), Activation.RELU6),
        (Activation.RELU, Relu6(), Activation.RELU6),
        (Activation.RELU6, Relu(), Activation.RELU6),
        (Activation.RELU_N1_TO_1, Relu(), None),
    ],
)
def test_activation_is_fused(own: Activation, behind: Relu, fused: Activation | None) -> None:
    made = maker()
    conv = convolution(made, "input", activation=own)
    graph = fuse_activations(graph_of(made, made.node(behind, (conv,), made.tensors[conv].shape, -20)))
    assert len(graph.nodes) == (2 if fused is None else 1)
    assert graph.nodes[0].operator.activation is (fused or own)


def test_activation_that_requantises_stays() -> None:
    made = maker()
    conv = convolution(made, "input")
    graph = graph_of(made, made.node(Relu(), (conv,), made.tensors[conv].shape, 5))
    assert fuse_activations(graph) == graph


def test_activation_behind_a_tensor_with_other_readers_stays() -> None:
    made = maker()
    conv = convolution(made, "input")
    relu = made.node(Relu(), (conv,), made.tensors[conv].shape, -20)
    assert len(fuse_activations(graph_of(made, relu, conv)).nodes) == 2
    twice = made.node(Relu6(), (conv,), made.tensors[conv].shape, -20)
    assert len(fuse_activations(graph_of(made, relu, twice)).nodes) == 3


def test_activation_behind_an_operator_that_cannot_clamp_stays() -> None:
    made = maker()
    both = made.node(Concatenation(3), ("input", "input"), (1, 6, 5, 4), -3)
    assert len(fuse_activations(graph_of(made, made.node(Relu(), (both,), (1, 6, 5, 4), -3))).nodes) == 2


def test_identities_are_bypassed_and_views_are_not() -> None:
    made = maker()
    same = made.node(Quantise(), ("input",), (1, 6, 5, 2), -3)
    moved = made.node(Reshape(), (same,), (1, 5, 6, 2), -3)
    graph = fold_identities(graph_of(made, made.node(Relu(), (moved,), (1, 5, 6, 2), -3)))
    assert operators(graph) == [Reshape, Relu]
    assert graph.nodes[0].inputs == ("input",)
    assert operators(fold_identities(graph_of(made, same))) == [Quantise, Reshape, Relu]


def test_constants_are_folded_through_several_nodes() -> None:
    made = maker()
    data = np.arange(8, dtype=np.int8).reshape(1, 2, 2, 2)
    constant = made.add("constant", (1, 2, 2, 2), -3, data)
    relu = made.node(Relu(), (constant,), (1, 2, 2, 2), -3)
    view = made.node(Reshape(), (relu,), (1, 1, 4, 2), -3)
    graph = fold_constants(graph_of(made, view))
    assert not graph.nodes
    np.testing.assert_array_equal(graph.tensors[view].data, np.maximum(data, -3).reshape(1, 1, 4, 2))


def test_dead_nodes_are_dropped_and_unused_inputs_kept() -> None:
    made = maker()
    convolution(made, "input")
    constant = made.add("constant", (1, 1, 1, 1), 0, np.zeros((1, 1, 1, 1), np.int8))
    graph = drop_dead_nodes(graph_of(made, constant))
    assert not graph.nodes
    assert set(graph.tensors) == {"input", "constant"}


@pytest.mark.parametrize("output", ["input", "view", "constant", "constant_view"])
def test_outputs_that_nothing_computes_are_copied(output: str) -> None:
    made = maker(shape=(1, 2, 2, 1))
    made.add("constant", (1, 2, 2, 1), 0, np.arange(4, dtype=np.int8).reshape(1, 2, 2, 1))
    view = made.node(Reshape(), ("input",), (1, 1, 4, 1), -3)
    constant_view = made.node(Reshape(), ("constant",), (1, 1, 4, 1), 0)
    name = {"view": view, "constant_view": constant_view}.get(output, output)
    graph = graph_of(made, name)
    executor = HostExecutor(compiler.compile_model(graph).graph)
    value = np.array([9, 8, 7, 6], np.int8).reshape(1, 2, 2, 1)
    executor.set_input("input", value)
    (result,) = executor.run().values()
    np.testing.assert_array_equal(result, evaluate(graph, {"input": value})[0], strict=True)


def test_a_copied_view_may_be_read_further() -> None:
    made = maker(shape=(1, 2, 2, 1))
    view = made.node(Reshape(), ("input",), (1, 1, 4, 1), -3)
    relu = made.node(Relu(), (view,), (1, 1, 4, 1), -3)
    executor = HostExecutor(compiler.compile_model(graph_of(made, view, relu, view)).graph)
    executor.set_input("input", np.array([9, -8, 7, -6], np.int8).reshape(1, 2, 2, 1))
    results = executor.run()
    assert results[view].ravel().tolist() == [9, -8, 7, -6]
    assert results[relu].ravel().tolist() == [9, -3, 7, -3]


def test_per_channel_quantisation_is_no_obstacle_to_the_stage_check() -> None:
    made = maker()
    conv = convolution(made, "input")
    weights = made.nodes[0].inputs[1]
    channels = made.tensors[weights].shape[0]
    scales = Quantisation(tuple(SCALE / (i + 1) for i in range(channels)), (0,) * channels, 0)
    made.tensors[weights] = replace(made.tensors[weights], quantisation=scales)
    assert not made.nodes[0].operator.problems(
        Operands((made.tensors["input"], made.tensors[weights]), (made.tensors[conv],))
    )
    assert compiler.compile_model(graph_of(made, conv)).figures["operators"][0]["kernel"] == "conv2d_s8"
