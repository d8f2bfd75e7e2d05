"""Dead channels: what goes, what must stay, and that no byte of any tensor that is left changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.passes.graphs import Maker, evaluate
from tests.shared import shared
from tests.tflite_builder import ModelBuilder

from micrort import compiler, frontends
from micrort.commands.compare import restored
from micrort.frontends import tflite
from micrort.ir import DType, Graph, Node, Quantisation, Tensor
from micrort.native.executor import HostExecutor
from micrort.operators.binary import Add, Mul
from micrort.operators.concatenation import Concatenation
from micrort.operators.conv2d import Conv2D
from micrort.operators.depthwise_conv2d import DepthwiseConv2D
from micrort.operators.fully_connected import FullyConnected
from micrort.operators.quantise import Activation
from micrort.operators.softmax import Softmax
from micrort.operators.window import Padding
from micrort.passes.fold_dead_channels import fold_dead_channels
from micrort.reference.litert import LiteRTReference

# Random models


class Net:
    """Adds random layers, with filters and columns of zeros, to a .tflite model."""

    def __init__(self, draw: st.DrawFn, dtype: str) -> None:
        self.draw = draw
        self.dtype = dtype
        self.random = np.random.default_rng(draw(st.integers(0, 2**31)))
        self.model = ModelBuilder()
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.scales: dict[int, tuple[float, int]] = {}

    def new(self, shape: tuple[int, ...], like: int | None = None, is_input: bool = False) -> int:
        """An activation; `like`: of the same quantisation."""
        points = (-128, -128, -5, 12) if self.dtype == "int8" else (0,)
        scale, point = self.scales[like] if like is not None else (0.1, self.draw(st.sampled_from(points)))
        make = self.model.input if is_input else self.model.tensor
        index = make(f"t{len(self.shapes)}", shape, self.dtype, scale=scale, zero_point=point)
        self.shapes[index], self.scales[index] = shape, (scale, point)
        return index

    def weights(self, shape: tuple[int, ...], row_axis: int, column_axis: int | None, x: int) -> list[int]:
        """Weights with rows and columns of zeros, and a bias or none."""
        data = self.random.integers(-127, 128, shape, dtype=np.int8)
        rows = self.random.random(shape[row_axis]) < self.draw(st.sampled_from((0.0, 0.4, 0.8)))
        data[(slice(None),) * (row_axis % len(shape)) + (rows,)] = 0
        if column_axis is not None:
            columns = self.random.random(shape[column_axis]) < self.draw(st.sampled_from((0.0, 0.3)))
            data[..., columns] = 0
        name = f"w{len(self.model._tensors)}"
        scales = self.random.uniform(0.001, 0.01, shape[row_axis]).astype(np.float32)
        if len(shape) == 2 and self.draw(st.booleans()):
            scales = scales[:1]
        w = self.model.constant(name, data, scale=scales, axis=row_axis % len(shape))
        if (self.dtype == "int16" or len(shape) == 2) and self.draw(st.integers(0, 3)) == 0:
            return [w]  # LiteRT wants a bias of int8 convolutions
        bias = self.random.integers(-3000, 3000, shape[row_axis]).astype(np.int32 if self.dtype == "int8" else np.int64)
        return [w, self.model.constant(f"{name}/b", bias, scale=scales * np.float32(self.scales[x][0]), axis=0)]

    def window(self) -> tuple[dict[str, int | str], int, int, str]:
        """Options, kernel size, stride and padding."""
        kernel, stride = self.draw(st.sampled_from((1, 1, 2, 3))), self.draw(st.sampled_from((1, 1, 2)))
        padding = self.draw(st.sampled_from(("SAME", "VALID")))
        return {"padding": padding, "strideH": stride, "strideW": stride}, kernel, stride, padding

    def sizes(self, x: int, kernel: int, stride: int, padding: str) -> tuple[int, int]:
        height, width = self.shapes[x][1:3]
        least = kernel if padding == "VALID" else 1
        return tuple((size - least) // stride + 1 for size in (height, width))  # type: ignore[return-value]

    def activation(self) -> str:
        return str(self.draw(st.sampled_from(("NONE", "RELU", "RELU6"))))

    def conv(self, x: int) -> int:
        """CONV_2D."""
        options, kernel, stride, padding = self.window()
        if min(self.sizes(x, kernel, stride, padding)) < 1:
            return x
        depth = self.shapes[x][3]
        filters = self.draw(st.integers(1, 9))
        constants = self.weights((filters, kernel, kernel, depth), 0, 3, x)
        y = self.new((1, *self.sizes(x, kernel, stride, padding), filters))
        options["fusedActivationFunction"] = self.activation()
        self.model.operator("CONV_2D", [x, *constants], [y], **options)
        return y

    def depthwise(self, x: int) -> int:
        """DEPTHWISE_CONV_2D, also with a multiplier."""
        options, kernel, stride, padding = self.window()
        if min(self.sizes(x, kernel, stride, padding)) < 1:
            return x
        multiplier = self.draw(st.sampled_from((1, 1, 2, 3)))
        made = self.shapes[x][3] * multiplier
        constants = self.weights((1, kernel, kernel, made), -1, None, x)
        y = self.new((1, *self.sizes(x, kernel, stride, padding), made))
        options |= {"fusedActivationFunction": self.activation(), "depthMultiplier": multiplier}
        self.model.operator("DEPTHWISE_CONV_2D", [x, *constants], [y], **options)
        return y

    def pool(self, x: int) -> int:
        """AVERAGE_POOL_2D or MAX_POOL_2D."""
        options, kernel, stride, padding = self.window()
        if min(self.sizes(x, kernel, stride, padding)) < 1:
            return x
        y = self.new((1, *self.sizes(x, kernel, stride, padding), self.shapes[x][3]), like=x)
        options |= {"filterHeight": kernel, "filterWidth": kernel}
        self.model.operator(self.draw(st.sampled_from(("AVERAGE_POOL_2D", "MAX_POOL_2D"))), [x], [y], **options)
        return y

    def binary(self, x: int) -> int:
        """ADD or MUL with an earlier tensor of the shape, or with a constant for each channel."""
        others = [index for index, shape in self.shapes.items() if shape == self.shapes[x]]
        other = self.draw(st.sampled_from(others))
        if self.draw(st.booleans()):
            data = self.random.integers(-100, 100, self.shapes[x][-1:]).astype(self.dtype)
            data[self.random.random(len(data)) < 0.4] = 3 if self.dtype == "int8" else 0
            point = 3 if self.dtype == "int8" else 0
            other = self.model.constant(f"c{len(self.model._tensors)}", data, scale=0.05, zero_point=point)
        y = self.new(self.shapes[x])
        name = self.draw(st.sampled_from(("ADD", "MUL") if self.dtype == "int8" else ("ADD",)))
        self.model.operator(name, [x, other], [y], fusedActivationFunction=self.activation())
        return y

    def unary(self, x: int) -> int:
        """RELU or LEAKY_RELU to another quantisation."""
        y = self.new(self.shapes[x])
        if self.dtype == "int8" and self.draw(st.booleans()):
            self.model.operator("LEAKY_RELU", [x], [y], alpha=0.3)
        else:
            self.model.operator("RELU", [x], [y])
        return y

    def concatenation(self, x: int) -> int:
        """CONCATENATION of channels or rows with an earlier tensor of the same quantisation."""
        axis = self.draw(st.sampled_from((3, 3, 1)))
        rest = [i for i in range(4) if i != axis]
        others = [
            index
            for index, shape in self.shapes.items()
            if self.scales[index] == self.scales[x]
            and len(shape) == 4
            and [shape[i] for i in rest] == [self.shapes[x][i] for i in rest]
        ]
        other = self.draw(st.sampled_from(others))
        shape = list(self.shapes[x])
        shape[axis] += self.shapes[other][axis]
        y = self.new(tuple(shape), like=x)
        self.model.operator("CONCATENATION", [x, other], [y], axis=axis)
        return y

    def pad(self, x: int) -> int:
        """PAD of height and width."""
        _, height, width, depth = self.shapes[x]
        y = self.new((1, height + 1, width + 2, depth), like=x)
        amounts = np.array([[0, 0], [1, 0], [1, 1], [0, 0]], np.int32)
        self.model.operator("PAD", [x, self.model.constant(f"p{len(self.model._tensors)}", amounts)], [y])
        return y

    def head(self, x: int) -> int:
        """MEAN, or a flattening RESHAPE, and FULLY_CONNECTED."""
        _, height, width, depth = self.shapes[x]
        if self.draw(st.booleans()):
            flat = self.new((1, depth))
            axes = self.model.constant(f"a{flat}", np.array([1, 2], np.int32))
            self.model.operator("MEAN", [x, axes], [flat], keepDims=False)
        else:
            flat = self.new((1, height * width * depth), like=x)
            shape = self.model.constant(f"s{flat}", np.array([1, -1], np.int32))
            self.model.operator("RESHAPE", [x, shape], [flat])
        for _ in range(self.draw(st.integers(1, 2))):
            made = self.draw(st.integers(1, 6))
            constants = self.weights((made, self.shapes[flat][1]), 0, 1, flat)
            y = self.new((1, made))
            options = {"fusedActivationFunction": self.activation()}
            self.model.operator("FULLY_CONNECTED", [flat, *constants], [y], **options)
            flat = y
        return flat


@st.composite
def models(draw: st.DrawFn, dtype: str) -> bytes:
    """A .tflite file of up to nine layers."""
    net = Net(draw, dtype)
    size = tuple(draw(st.integers(1, 6)) for _ in range(2))
    x = net.new((1, *size, draw(st.integers(1, 5))), is_input=True)
    made = [x]
    layers = (net.conv, net.conv, net.depthwise, net.depthwise, net.pool, net.binary, net.unary)
    if dtype == "int8":
        layers = (*layers, net.concatenation, net.pad)
    for _ in range(draw(st.integers(2, 8))):
        # mostly the newest tensor, so that constants have a way to go; else tensors with several readers
        made.append(draw(st.sampled_from(layers))(draw(st.sampled_from((made[-1], made[-1], made[-1], *made)))))
    last = net.head(made[-1]) if dtype == "int8" and draw(st.booleans()) else net.conv(made[-1])
    outputs = [last if last != x else net.unary(x)]
    extra = draw(st.sampled_from(made))
    if draw(st.integers(0, 5)) == 0 and extra not in (x, *outputs):
        outputs.append(extra)
    return net.model.build(outputs)


def load(model: bytes) -> Graph:
    return tflite.load(model, "model", "model")


def values_of(graph: Graph, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every activation of `graph`, computed node by node without any pass."""
    names = tuple(dict.fromkeys(name for node in graph.nodes for name in node.outputs))
    return dict(zip(names, evaluate(replace(graph, outputs=names), inputs), strict=True))


def inputs_of(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    tensors = [graph.tensors[name] for name in graph.inputs]
    limits = [np.iinfo(tensor.dtype.numpy) for tensor in tensors]
    return {
        tensor.name: random.integers(limit.min, limit.max, tensor.shape, tensor.dtype.numpy, endpoint=True)
        for tensor, limit in zip(tensors, limits, strict=True)
    }


def check_every_tensor(graph: Graph, seed: int = 0) -> Graph:
    """Fold, and hold every tensor against the graph before: kept channels and constants. Gives the folded graph."""
    folded = fold_dead_channels(graph)
    assert folded.pruning is not None
    inputs = inputs_of(graph, seed)
    before, after = values_of(graph, inputs), values_of(folded, inputs)
    assert before.keys() == after.keys()
    for name, want in before.items():
        got = after[name]
        if name in folded.pruning.tensors:
            removed = folded.pruning.tensors[name]
            assert got.shape[-1] == len(removed.kept) == removed.channels - removed.count
            assert got.shape[-1] < want.shape[-1]
            got = restored(got, removed, want)
        np.testing.assert_array_equal(got, want, name, strict=True)
    return folded


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_random_models_keep_every_byte(dtype: str) -> None:
    shrunk = 0

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(models(dtype))
    def run(model: bytes) -> None:
        nonlocal shrunk
        graph = load(model)
        folded = check_every_tensor(graph)
        shrunk += bool(folded.pruning is not None and folded.pruning.tensors)

    run()
    assert shrunk > 30, "the models have hardly any dead channels: they test nothing"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(models("int8"), st.integers(0, 2**31))
def test_compiled_random_models_equal_the_reference(model: bytes, seed: int) -> None:
    package = compiler.compile_model(load(model))
    executor = HostExecutor(package.graph)
    reference, names = LiteRTReference(model), tflite.tensor_names(model)
    arrays = inputs_of(load(model), seed)
    values = {names.index(name): array for name, array in arrays.items()}
    for _, outputs in reference.run(values):
        values.update(outputs)
    for name, array in arrays.items():
        executor.set_input(name, array)
    made = executor.run()
    for index in reference.outputs:
        np.testing.assert_array_equal(made[names[index]], values[index], strict=True)


# Small graphs, one matter each


class Chain:
    """input → CONV_2D of four filters, some of zeros → what a test adds."""

    def __init__(self, dead: tuple[int, ...], bias: int, zero_point: int = -128, size: int = 5) -> None:
        self.maker = Maker(np.random.default_rng(3))
        self.maker.add("input", (1, size, size, 2), -3)
        self.last = self.layer(Conv2D, "input", (4, 1, 1, 2), zero_point, dead, bias)

    def layer(
        self,
        kind: type,
        source: str,
        shape: tuple[int, ...],
        zero_point: int = -128,
        dead: tuple[int, ...] = (),
        bias: int = 7,
        padding: Padding = Padding.SAME,
        activation: Activation = Activation.RELU,
    ) -> str:
        maker, depthwise = self.maker, kind is DepthwiseConv2D
        weights = maker.weights(shape)
        data = maker.tensors[weights].data
        assert data is not None
        data[data == 0] = 1
        data[(..., list(dead)) if depthwise else list(dead)] = 0
        made = shape[3] if depthwise else shape[0]
        name = f"{weights}/bias"
        maker.tensors[name] = Tensor(name, (made,), DType.S32, data=np.full(made, bias, np.int32))
        _, height, width, _ = maker.tensors[source].shape
        if padding is Padding.VALID:
            height, width = height - shape[1] + 1, width - shape[2] + 1
        operator = kind((1, 1), (1, 1), padding, activation)
        made_shape = (1, height, width, made)
        before = len(maker.nodes)
        self.last = maker.node(operator, (source, weights, name), made_shape, zero_point)
        assert len(maker.nodes) == before + 1
        return self.last

    def graph(self, *outputs: str) -> Graph:
        chosen = outputs or (self.last,)
        return Graph("chain", self.maker.tensors, tuple(self.maker.nodes), ("input",), chosen)

    def removed(self, *outputs: str) -> dict[str, int]:
        """Tensor -> how many channels went."""
        folded = check_every_tensor(self.graph(*outputs))
        assert folded.pruning is not None
        return {name: item.count for name, item in folded.pruning.tensors.items()}


def test_constants_go_through_a_depthwise_layer_into_biases() -> None:
    chain = Chain(dead=(1, 3), bias=-900)  # clamped to the zero point, which is the padding's value
    first = chain.last
    middle = chain.layer(DepthwiseConv2D, first, (1, 3, 3, 4), bias=4000)
    chain.layer(Conv2D, middle, (3, 1, 1, 4), zero_point=0)
    assert chain.removed() == {first: 2, middle: 2}
    folded = fold_dead_channels(chain.graph())
    assert folded.pruning is not None
    assert (folded.pruning.macs_before, folded.pruning.macs) == (25 * (8 + 36 + 12), 25 * (4 + 18 + 6))
    assert (folded.pruning.weights_before, folded.pruning.weights) == (8 + 36 + 12, 4 + 18 + 6)
    last = folded.nodes[-1]
    constants = folded.pruning.tensors[middle].constants
    assert set(constants) == {1, 3}
    assert constants[1] > -128, "the constant is no zero point, so the biases must have changed"
    weights, bias = (chain.graph().tensors[str(name)].data for name in chain.graph().nodes[-1].inputs[1:])
    new = folded.tensors[str(last.inputs[2])].data
    assert weights is not None and bias is not None and new is not None
    shares = sum(weights[:, 0, 0, channel].astype(int) * (value + 128) for channel, value in constants.items())
    np.testing.assert_array_equal(new, bias + shares)


@pytest.mark.parametrize(("padding", "goes"), [(Padding.SAME, False), (Padding.VALID, True)])
@pytest.mark.parametrize("depthwise", [False, True])
def test_a_constant_other_than_the_padding_stays_where_borders_differ(
    padding: Padding, goes: bool, depthwise: bool
) -> None:
    chain = Chain(dead=(2,), bias=900)
    first = chain.last
    assert chain.maker.zero_point(first) == -128
    if depthwise:
        middle = chain.layer(DepthwiseConv2D, first, (1, 3, 3, 4), padding=padding, bias=2000)
        chain.layer(Conv2D, middle, (3, 1, 1, 4))
        assert chain.removed() == ({first: 1, middle: 1} if goes else {})
    else:
        chain.layer(Conv2D, first, (3, 3, 3, 4), padding=padding)
        assert chain.removed() == ({first: 1} if goes else {})


def test_channels_that_feed_only_zeros_go_whatever_they_hold() -> None:
    chain = Chain(dead=(), bias=5)
    first = chain.last
    last = chain.layer(Conv2D, first, (3, 3, 3, 4))
    weights = chain.maker.tensors[str(chain.maker.nodes[-1].inputs[1])].data
    assert weights is not None
    weights[..., 2] = 0
    assert chain.removed() == {first: 1}
    folded = fold_dead_channels(chain.graph(last))
    assert folded.pruning is not None and not folded.pruning.tensors[first].constants


def test_what_only_a_removed_filter_read_goes_too() -> None:
    chain = Chain(dead=(), bias=5)
    first = chain.last
    middle = chain.layer(Conv2D, first, (4, 1, 1, 4))
    weights = chain.maker.tensors[str(chain.maker.nodes[-1].inputs[1])].data
    assert weights is not None
    weights[:3, ..., 0] = 0  # channel 0 is read by filter 3 alone
    chain.layer(Conv2D, middle, (2, 1, 1, 4))
    weights = chain.maker.tensors[str(chain.maker.nodes[-1].inputs[1])].data
    assert weights is not None
    weights[..., 3] = 0  # and filter 3 by nobody
    assert chain.removed() == {first: 1, middle: 1}


def test_all_readers_must_agree() -> None:
    chain = Chain(dead=(1,), bias=900)
    first = chain.last
    left = chain.layer(Conv2D, first, (3, 1, 1, 4))
    right = chain.layer(Conv2D, first, (3, 3, 3, 4))  # whose borders differ
    assert chain.removed(left, right) == {}
    assert first not in chain.removed(left), "the other reader is there, even if no output needs it"


def test_outputs_keep_their_channels() -> None:
    chain = Chain(dead=(1,), bias=900)
    first = chain.last
    chain.layer(Conv2D, first, (3, 1, 1, 4))
    assert chain.removed() == {first: 1}
    assert chain.removed(chain.last, first) == {}


def test_readers_that_are_not_understood_keep_all() -> None:
    chain = Chain(dead=(1,), bias=900)
    first = chain.last
    last = chain.layer(Conv2D, first, (3, 1, 1, 4))
    output = Tensor("soft", chain.maker.tensors[first].shape, DType.S8, Quantisation((1 / 256,), (-128,)))
    chain.maker.tensors["soft"] = output
    chain.maker.nodes.append(Node("softmax", Softmax(1.0), (first,), ("soft",)))
    assert chain.removed(last, "soft") == {}


def test_both_operands_of_an_addition_must_be_dead() -> None:
    chain = Chain(dead=(1, 2), bias=900)
    first = chain.last
    second = chain.layer(Conv2D, "input", (4, 1, 1, 2), dead=(2, 3), bias=-30)
    shape = chain.maker.tensors[first].shape
    total = chain.maker.node(Add(Activation.RELU), (first, second), shape, 4)
    chain.layer(Conv2D, total, (3, 1, 1, 4))
    assert chain.removed() == {first: 1, second: 1, total: 1}


def test_a_product_with_zero_is_constant() -> None:
    chain = Chain(dead=(), bias=5)
    first = chain.last
    factor = chain.maker.add("factor", (4,), 3, np.array([9, 3, -7, 3], np.int8))
    product = chain.maker.node(Mul(), (first, factor), chain.maker.tensors[first].shape, 4)
    chain.layer(Conv2D, product, (3, 1, 1, 4))
    assert chain.removed() == {first: 2, product: 2}


def test_constants_are_found_in_what_is_joined() -> None:
    chain = Chain(dead=(1,), bias=900)
    first = chain.last
    second = chain.layer(Conv2D, "input", (2, 1, 1, 2))
    joined = chain.maker.node(Concatenation(3), (second, first), (1, 5, 5, 6), -128)
    chain.layer(Conv2D, joined, (3, 1, 1, 6))
    assert chain.removed() == {first: 1, joined: 1}


def test_one_channel_is_kept_of_a_tensor_that_is_all_dead() -> None:
    chain = Chain(dead=(0, 1, 2, 3), bias=900)
    first = chain.last
    chain.layer(Conv2D, first, (3, 1, 1, 4))
    assert chain.removed() == {first: 3}


def test_groups_of_a_multiplier_go_as_a_whole() -> None:
    chain = Chain(dead=(), bias=5)
    first = chain.last
    middle = chain.layer(DepthwiseConv2D, first, (1, 3, 3, 8), dead=(0, 1, 4))
    chain.layer(Conv2D, middle, (3, 1, 1, 8))
    assert chain.removed() == {first: 1, middle: 2}


def test_grouped_convolutions_keep_their_channels() -> None:
    chain = Chain(dead=(1,), bias=900)
    grouped = chain.layer(Conv2D, chain.last, (4, 1, 1, 2), dead=(2,))
    chain.layer(Conv2D, grouped, (3, 1, 1, 4))
    assert chain.removed() == {}


@pytest.mark.parametrize(("bias", "goes"), [(2**31 - 1, False), (2**31 - 2**16, True), (-(2**31) + 1, False)])
def test_biases_must_not_overflow(bias: int, goes: bool) -> None:
    chain = Chain(dead=(1,), bias=900)
    first = chain.last
    chain.layer(Conv2D, first, (3, 1, 1, 4), bias=bias)
    assert chain.removed() == ({first: 1} if goes else {})


def test_a_fully_connected_layer_keeps_its_way_of_scaling() -> None:
    # With one scale a channel's factor is computed in float32, with several in float64.
    made = Maker(np.random.default_rng(5))
    made.add("input", (1, 6), -3)
    for name, shape, dead in (("w", (4, 6), [1, 2, 3]), ("v", (2, 4), [])):
        data = made.random.integers(1, 128, shape, dtype=np.int8)
        data[dead] = 0
        scales = tuple(float(np.float32(item)) for item in made.random.uniform(0.001, 0.02, shape[0]))
        made.tensors[name] = Tensor(name, shape, DType.S8, Quantisation(scales, (0,) * shape[0], 0), data)
    made.node(FullyConnected(), ("input", "w"), (1, 4), 2)
    made.node(FullyConnected(), ("t0", "v"), (1, 2), 2)
    folded = check_every_tensor(Graph("made", made.tensors, tuple(made.nodes), ("input",), ("t1",)))
    assert folded.pruning is not None and folded.pruning.tensors["t0"].kept == (0, 1)


def test_weights_that_two_layers_share_are_cut_for_each() -> None:
    chain = Chain(dead=(1,), bias=900)
    first = chain.last
    second = chain.layer(Conv2D, "input", (4, 1, 1, 2), dead=(2, 3), bias=40)
    left = chain.layer(Conv2D, first, (3, 1, 1, 4))
    node = chain.maker.nodes[-1]
    shape = chain.maker.tensors[left].shape
    right = chain.maker.node(node.operator, (second, *map(str, node.inputs[1:])), shape, -128)
    assert chain.removed(left, right) == {first: 1, second: 2}


# Real models


def test_half_of_vww_is_dead() -> None:
    package = compiler.compile_model(shared("models", "vww_96_int8.tflite"))
    pruning = package.figures["pruning"]
    assert (pruning["macs_before"], pruning["weights_before"]) == (7_489_664, 208_112)
    assert pruning["macs"] <= 3_740_000
    assert pruning["weights"] <= 30_048
    assert package.figures["macs"] == pruning["macs"]
    assert package.figures["weights_bytes"] <= 48_000
    counts = [(item.channels, item.count) for item in package.removed.values() if item.channels >= 64]
    # pairs of pointwise and depthwise layers; a few go beyond filters of zeros, as nothing is left that reads them
    least = [(64, 4), (128, 21), (128, 71), (128, 98), (128, 109), (128, 109), (128, 101), (256, 224)]
    for (channels, count), (want_channels, want) in zip(counts[:16:2], least, strict=True):
        assert channels == want_channels and count >= want


@pytest.mark.parametrize("model", ["kws_ref_model", "pretrainedResnet_quant", "ad01_int8", "ad01_fp32"])
def test_models_without_dead_channels_stay_as_they_are(model: str) -> None:
    graph = frontends.load(shared("models", f"{model}.tflite"))
    folded = fold_dead_channels(graph)
    assert folded.pruning is not None and not folded.pruning.tensors
    assert folded.pruning.macs == folded.pruning.macs_before > 0
    assert replace(folded, pruning=None) == graph
    assert all(folded.tensors[name] is tensor for name, tensor in graph.tensors.items())
