"""Random models for the differential test: for each operator a hypothesis strategy that writes a .tflite file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.tflite_builder import ModelBuilder

Draw = Callable[[st.SearchStrategy[Any]], Any]

ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6")
INTEGER = ("int8", "int16")
LIMITS = {"int8": (-128, 127), "int16": (-32768, 32767)}


class Maker:
    """Draws tensors and operators into one model."""

    def __init__(self, draw: Draw, dtype: str) -> None:
        self.draw = draw
        self.dtype = dtype
        self.model = ModelBuilder()
        self.count = 0
        self.random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def scale(self, low: float = 0.005, high: float = 0.6) -> float:
        """A scale as converters find them."""
        return float(np.float32(np.exp(self.random.uniform(np.log(low), np.log(high)))))

    def quantisation(self, dtype: str | None = None) -> dict[str, Any]:
        """Scale and zero point of an activation; extremes of the zero point come up often."""
        dtype = dtype or self.dtype
        if dtype == "int16":
            return {"scale": self.scale(0.00002, 0.002), "zero_point": 0}
        if dtype not in LIMITS:
            return {}
        return {
            "scale": self.scale(),
            "zero_point": self.draw(st.sampled_from((-128, 127, 0)) | st.integers(-128, 127)),
        }

    def named(self, stem: str) -> str:
        """A name that no other tensor has."""
        self.count += 1
        return f"{stem}{self.count}"

    def input(self, shape: tuple[int, ...], **quantisation: Any) -> int:
        """An input of the model."""
        return self.model.input(self.named("in"), shape, self.dtype, **(quantisation or self.quantisation()))

    def output(self, shape: tuple[int, ...], dtype: str | None = None, **quantisation: Any) -> int:
        """A tensor that an operator makes."""
        dtype = dtype or self.dtype
        return self.model.tensor(self.named("out"), shape, dtype, **(quantisation or self.quantisation(dtype)))

    def integers(self, *values: int) -> int:
        """A constant vector of int32."""
        return self.model.constant(self.named("const"), np.array(values, np.int32))

    def scalar(self, value: int) -> int:
        """A constant int32 of rank 0."""
        return self.model.constant(self.named("const"), np.array(value, np.int32))

    def weights(self, shape: tuple[int, ...], axis: int, channels: int, input_scale: float) -> tuple[int, int, float]:
        """Weights (per channel or per tensor), bias, and the scale at which sums fill the output's range."""
        depth = int(np.prod(shape)) // channels
        if self.dtype == "float32":
            values = self.random.normal(0, 1 / np.sqrt(depth), shape).astype(np.float32)
            bias = self.random.normal(0, 1, channels).astype(np.float32)
            return self.model.constant(self.named("w"), values), self.model.constant(self.named("b"), bias), 0.0
        per_channel = self.draw(st.booleans())
        scales = [self.scale(0.001, 0.02) for _ in range(channels if per_channel else 1)]
        values = self.random.integers(-127, 128, shape).astype(np.int8)
        kind = np.int32 if self.dtype == "int8" else np.int64
        bias = self.random.integers(-3000, 3000, channels).astype(kind)
        bias_scales = [input_scale * item for item in scales]
        w = self.model.constant(self.named("w"), values, scale=scales, axis=axis)
        b = self.model.constant(self.named("b"), bias, scale=bias_scales)
        low, high = LIMITS[self.dtype]
        spread = 74 * (high / 2) * np.sqrt(depth) * float(np.mean(scales)) * input_scale
        return w, b, float(np.float32(spread * self.draw(st.floats(0.3, 3)) / (high - low) * 4))

    def sizes(self, rank: int, most: int) -> tuple[int, ...]:
        """A shape."""
        return tuple(self.draw(st.integers(1, most)) for _ in range(rank))

    def activation(self) -> str:
        """A fused activation."""
        return str(self.draw(st.sampled_from(ACTIVATIONS)))


Rule = Callable[[Maker], list[int]]
"""Adds inputs and operators to a model and returns the model's outputs."""


def output_size(size: int, kernel: int, stride: int, dilation: int, padding: str) -> int:
    """TensorFlow's output size of a window along one axis."""
    if padding == "SAME":
        return -(-size // stride)
    return (size - (kernel - 1) * dilation - 1) // stride + 1


def window(
    make: Maker, most_kernel: int = 4
) -> tuple[tuple[int, int], dict[str, Any], tuple[int, int], tuple[int, int]]:
    """Kernel, stride and dilation options, input size and output size that fit together."""
    kernel = make.sizes(2, most_kernel)
    stride = make.sizes(2, 3)
    dilation = make.sizes(2, 2) if stride == (1, 1) else (1, 1)
    padding = make.draw(st.sampled_from(("SAME", "VALID")))
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = [make.draw(st.integers(e if padding == "VALID" else 1, e + 6)) for e in extent]
    out = [output_size(*item, padding) for item in zip(size, kernel, stride, dilation, strict=True)]
    options = {"strideH": stride[0], "strideW": stride[1], "padding": padding}
    if dilation != (1, 1) or make.draw(st.booleans()):
        options |= {"dilationHFactor": dilation[0], "dilationWFactor": dilation[1]}
    return (kernel[0], kernel[1]), options, (size[0], size[1]), (out[0], out[1])


def conv2d(make: Maker) -> list[int]:
    """CONV_2D with groups, dilation and every padding."""
    kernel, options, size, out = window(make)
    groups = make.draw(st.sampled_from((1, 1, 1, 2, 3))) if make.dtype == "int8" else 1
    depth, filters = make.draw(st.integers(1, 9)), make.draw(st.integers(1, 7)) * groups
    batch = make.draw(st.sampled_from((1, 1, 2)))
    quantisation = make.quantisation()
    x = make.input((batch, *size, depth * groups), **quantisation)
    w, b, scale = make.weights((filters, *kernel, depth), 0, filters, quantisation.get("scale", 1.0))
    y = _accumulated(make, (batch, *out, filters), scale)
    make.model.operator("CONV_2D", [x, w, b], [y], fusedActivationFunction=make.activation(), **options)
    return [y]


def depthwise(make: Maker) -> list[int]:
    """DEPTHWISE_CONV_2D with depth multipliers."""
    kernel, options, size, out = window(make)
    multiplier, depth = make.draw(st.sampled_from((1, 1, 2, 3))), make.draw(st.integers(1, 9))
    quantisation = make.quantisation()
    x = make.input((1, *size, depth), **quantisation)
    channels = depth * multiplier
    w, b, scale = make.weights((1, *kernel, channels), 3, channels, quantisation.get("scale", 1.0))
    y = _accumulated(make, (1, *out, channels), scale)
    options |= {"depthMultiplier": multiplier, "fusedActivationFunction": make.activation()}
    make.model.operator("DEPTHWISE_CONV_2D", [x, w, b], [y], **options)
    return [y]


def fully_connected(make: Maker) -> list[int]:
    """FULLY_CONNECTED on inputs of several ranks, with and without bias and keep_num_dims."""
    depth, units = make.draw(st.integers(1, 40)), make.draw(st.integers(1, 17))
    lead = make.draw(st.sampled_from(((1,), (3,), (1, 2), (2, 1, 3))))
    quantisation = make.quantisation()
    x = make.input((*lead, depth), **quantisation)
    w, b, scale = make.weights((units, depth), 0, units, quantisation.get("scale", 1.0))
    keep = make.draw(st.booleans())
    shape = (*lead, units) if keep else (int(np.prod(lead)), units)
    y = _accumulated(make, shape, scale)
    bias = [b] if make.draw(st.booleans()) else []
    activation = make.activation()
    make.model.operator("FULLY_CONNECTED", [x, w, *bias], [y], fusedActivationFunction=activation, keepNumDims=keep)
    return [y]


def _accumulated(make: Maker, shape: tuple[int, ...], scale: float) -> int:
    if make.dtype == "float32":
        return make.output(shape)
    return make.output(shape, scale=scale, zero_point=make.quantisation()["zero_point"])


def _binary(name: str, activation: bool) -> Rule:
    def rule(make: Maker) -> list[int]:
        shape = make.sizes(make.draw(st.integers(1, 4)), 5)
        other = tuple(size if make.draw(st.booleans()) else 1 for size in shape)
        other = other if make.draw(st.booleans()) else shape
        operands = [shape, other[make.draw(st.integers(0, len(other) - 1)) :] if other != shape else shape]
        if make.draw(st.booleans()):
            operands.reverse()
        same = make.quantisation()
        quantisation = same if name in ("MINIMUM", "MAXIMUM") else {}
        tensors = [make.input(item, **quantisation) for item in operands]
        y = make.output(np.broadcast_shapes(*operands), **quantisation)
        options = {"fusedActivationFunction": make.activation()} if activation else {}
        make.model.operator(name, tensors, [y], **options)
        return [y]

    return rule


def _pool(name: str) -> Rule:
    def rule(make: Maker) -> list[int]:
        kernel, options, size, out = window(make)
        options = {key: value for key, value in options.items() if "ilation" not in key}
        out = tuple(
            output_size(s, k, options[f"stride{axis}"], 1, options["padding"])
            for s, k, axis in zip(size, kernel, "HW", strict=True)
        )
        batch, depth = make.draw(st.sampled_from((1, 1, 2))), make.draw(st.integers(1, 9))
        quantisation = make.quantisation()
        x = make.input((batch, *size, depth), **quantisation)
        y = make.output((batch, *out, depth), **quantisation)
        options |= {"filterHeight": kernel[0], "filterWidth": kernel[1], "fusedActivationFunction": make.activation()}
        make.model.operator(name, [x], [y], **options)
        return [y]

    return rule


def mean(make: Maker) -> list[int]:
    """MEAN over any axes."""
    shape = make.sizes(make.draw(st.integers(2, 4)), 6)
    axes = sorted(make.draw(st.sets(st.integers(0, len(shape) - 1), min_size=1)))
    keep = make.draw(st.booleans())
    kept = [1 if i in axes else size for i, size in enumerate(shape)]
    out = tuple(kept) if keep else tuple(size for i, size in enumerate(shape) if i not in axes)
    x = make.input(shape)
    y = make.output(out)
    given = [axis - len(shape) if make.draw(st.booleans()) else axis for axis in axes]
    make.model.operator("MEAN", [x, make.integers(*given)], [y], keepDims=keep)
    return [y]


def softmax(make: Maker) -> list[int]:
    """SOFTMAX; the output's quantisation is fixed by the format."""
    shape = make.sizes(make.draw(st.integers(1, 4)), 7)
    fixed = {"int8": {"scale": 1 / 256, "zero_point": -128}, "int16": {"scale": 1 / 32768, "zero_point": 0}}
    x = make.input(shape)
    y = make.output(shape, **fixed.get(make.dtype, {}))
    make.model.operator("SOFTMAX", [x], [y], beta=float(make.draw(st.sampled_from((1.0, 0.5, 2.0)))))
    return [y]


def _unary(name: str, fixed: dict[str, dict[str, Any]] | None = None, same: bool = False) -> Rule:
    def rule(make: Maker) -> list[int]:
        shape = make.sizes(make.draw(st.integers(1, 4)), 6)
        quantisation = make.quantisation()
        y_quantisation = quantisation if same else (fixed or {}).get(make.dtype, {})
        x = make.input(shape, **quantisation)
        y = make.output(shape, **y_quantisation)
        options = {"alpha": float(make.random.uniform(0.01, 0.5))} if name == "LEAKY_RELU" else {}
        make.model.operator(name, [x], [y], **options)
        return [y]

    return rule


def quantize(make: Maker) -> list[int]:
    """QUANTIZE from the maker's type to int8 or int16."""
    shape = make.sizes(2, 9)
    x = make.input(shape)
    y = make.output(shape, dtype=make.draw(st.sampled_from(("int8", "int16"))))
    make.model.operator("QUANTIZE", [x], [y])
    return [y]


def dequantize(make: Maker) -> list[int]:
    """DEQUANTIZE to float32."""
    shape = make.sizes(2, 9)
    x = make.input(shape)
    y = make.output(shape, dtype="float32")
    make.model.operator("DEQUANTIZE", [x], [y])
    return [y]


def reshape(make: Maker) -> list[int]:
    """RESHAPE, SQUEEZE or EXPAND_DIMS between two elementwise operators, so that it is not the whole model."""
    quantisation = make.quantisation()
    x = make.input((2, 1, 3, 4), **quantisation)
    kind = make.draw(st.sampled_from(("RESHAPE", "SQUEEZE", "EXPAND_DIMS")))
    out = {"RESHAPE": (4, 6), "SQUEEZE": (2, 3, 4), "EXPAND_DIMS": (2, 1, 1, 3, 4)}[kind]
    y = make.output(out, **quantisation)
    if kind == "RESHAPE":
        make.model.operator(kind, [x, make.integers(4, -1)], [y])
    elif kind == "SQUEEZE":
        make.model.operator(kind, [x], [y], squeezeDims=[1])
    else:
        make.model.operator(kind, [x, make.integers(1)], [y])
    return [y]


def pad(make: Maker) -> list[int]:
    """PAD or PADV2."""
    shape = make.sizes(4, 5)
    amounts = [(make.draw(st.integers(0, 3)), make.draw(st.integers(0, 3))) for _ in shape]
    quantisation = make.quantisation()
    x = make.input(shape, **quantisation)
    out = tuple(a + size + b for size, (a, b) in zip(shape, amounts, strict=True))
    y = make.output(out, **quantisation)
    table = make.model.constant(make.named("pads"), np.array(amounts, np.int32))
    if make.draw(st.booleans()):
        make.model.operator("PAD", [x, table], [y])
    else:
        value = make.random.integers(-100, 100, 1).astype(make.dtype)
        make.model.operator("PADV2", [x, table, make.model.constant(make.named("v"), value, **quantisation)], [y])
    return [y]


def concatenation(make: Maker) -> list[int]:
    """CONCATENATION along any axis."""
    shape = make.sizes(make.draw(st.integers(1, 4)), 4)
    axis = make.draw(st.integers(0, len(shape) - 1))
    parts = [make.draw(st.integers(1, 4)) for _ in range(make.draw(st.integers(1, 4)))]
    quantisation = make.quantisation()

    def shaped(size: int) -> tuple[int, ...]:
        return (*shape[:axis], size, *shape[axis + 1 :])

    tensors = [make.input(shaped(part), **quantisation) for part in parts]
    y = make.output(shaped(sum(parts)), **quantisation)
    make.model.operator("CONCATENATION", tensors, [y], axis=axis - len(shape) if make.draw(st.booleans()) else axis)
    return [y]


def pack(make: Maker) -> list[int]:
    """PACK along a new axis."""
    shape = make.sizes(make.draw(st.integers(1, 3)), 4)
    axis = make.draw(st.integers(0, len(shape)))
    count = make.draw(st.integers(1, 4))
    quantisation = make.quantisation()
    tensors = [make.input(shape, **quantisation) for _ in range(count)]
    y = make.output((*shape[:axis], count, *shape[axis:]), **quantisation)
    make.model.operator("PACK", tensors, [y], axis=axis, valuesCount=count)
    return [y]


def strided_slice(make: Maker) -> list[int]:
    """STRIDED_SLICE with negative strides and begin and end masks."""
    shape = make.sizes(make.draw(st.integers(1, 4)), 6)
    begins, ends, strides, out = [], [], [], []
    for size in shape:
        stride = make.draw(st.sampled_from((1, 1, 2, 3, -1, -2)))
        first = make.draw(st.integers(0, size - 1))
        last = (
            make.draw(st.integers(first + 1, size))
            if stride > 0
            else make.draw(st.integers(-size - 1, first - size - 1))
        )
        count = len(range(*slice(first, last, stride).indices(size)))
        begins.append(first), ends.append(last), strides.append(stride), out.append(count)
    quantisation = make.quantisation()
    x = make.input(shape, **quantisation)
    y = make.output(tuple(out), **quantisation)
    make.model.operator(
        "STRIDED_SLICE", [x, make.integers(*begins), make.integers(*ends), make.integers(*strides)], [y]
    )
    return [y]


def split(make: Maker) -> list[int]:
    """SPLIT into equal parts."""
    shape = list(make.sizes(make.draw(st.integers(1, 4)), 4))
    axis, count = make.draw(st.integers(0, len(shape) - 1)), make.draw(st.integers(1, 4))
    quantisation = make.quantisation()
    part = tuple(shape)
    shape[axis] *= count
    x = make.input(tuple(shape), **quantisation)
    outputs = [make.output(part, **quantisation) for _ in range(count)]
    make.model.operator("SPLIT", [make.scalar(axis), x], outputs, numSplits=count)
    return outputs


def transpose(make: Maker) -> list[int]:
    """TRANSPOSE by any permutation."""
    shape = make.sizes(make.draw(st.integers(1, 4)), 5)
    order = make.draw(st.permutations(range(len(shape))))
    quantisation = make.quantisation()
    x = make.input(shape, **quantisation)
    y = make.output(tuple(shape[axis] for axis in order), **quantisation)
    make.model.operator("TRANSPOSE", [x, make.integers(*order)], [y])
    return [y]


def resize(make: Maker) -> list[int]:
    """RESIZE_NEAREST_NEIGHBOR."""
    shape, (height, width) = (1, *make.sizes(3, 6)), make.sizes(2, 12)
    quantisation = make.quantisation()
    x = make.input(shape, **quantisation)
    y = make.output((1, height, width, shape[3]), **quantisation)
    align = make.draw(st.booleans())
    half = not align and make.draw(st.booleans())
    inputs = [x, make.integers(height, width)]
    make.model.operator("RESIZE_NEAREST_NEIGHBOR", inputs, [y], alignCorners=align, halfPixelCenters=half)
    return [y]


def network(make: Maker) -> list[int]:
    """A residual, depthwise-separable net with pad, pool, a second head, and a tensor that is output and consumed."""
    height, width, depth = make.draw(st.integers(4, 9)), make.draw(st.integers(4, 9)), make.draw(st.integers(1, 5))
    q = make.quantisation()
    x = make.input((1, height, width, depth), **q)
    first = _convolved(make, x, (height, width), depth, depth, q["scale"], 3)
    total = make.output((1, height, width, depth))
    make.model.operator("ADD", [first, x], [total], fusedActivationFunction=make.activation())
    relu = make.output((1, height, width, depth), **_like(make, total))
    make.model.operator("RELU", [total], [relu])
    padded = make.output((1, height + 2, width + 1, depth), **_like(make, relu))
    amounts = np.array([[0, 0], [1, 1], [0, 1], [0, 0]], np.int32)
    make.model.operator("PAD", [relu, make.model.constant(make.named("pads"), amounts)], [padded])
    scale = _like(make, padded)["scale"]
    w, b, out_scale = make.weights((1, 3, 2, depth), 3, depth, scale)
    deep = _accumulated(make, (1, height, width, depth), out_scale)
    make.model.operator(
        "DEPTHWISE_CONV_2D", [padded, w, b], [deep], padding="VALID", strideH=1, strideW=1, depthMultiplier=1
    )
    joined = make.output((1, height, width, 2 * depth), **_like(make, deep))
    make.model.operator("CONCATENATION", [deep, deep], [joined], axis=3)
    pooled = make.output((1, 2 * depth))
    make.model.operator("MEAN", [joined, make.integers(1, 2)], [pooled], keepDims=False)
    table = make.output((1, 2 * depth), scale=1 / 256, zero_point=-128)
    make.model.operator("LOGISTIC", [pooled], [table])
    return [table, relu, deep] if make.draw(st.booleans()) else [table]


def _convolved(make: Maker, x: int, size: tuple[int, int], depth: int, filters: int, scale: float, kernel: int) -> int:
    w, b, out_scale = make.weights((filters, kernel, kernel, depth), 0, filters, scale)
    y = _accumulated(make, (1, *size, filters), out_scale)
    make.model.operator("CONV_2D", [x, w, b], [y], padding="SAME", strideH=1, strideW=1, fusedActivationFunction="RELU")
    return y


def _like(make: Maker, tensor: int) -> dict[str, Any]:
    found = make.model._tensors[tensor].quantization
    return {"scale": float(found.scale[0]), "zero_point": int(found.zeroPoint[0])}


_SIGMOID = {"int8": {"scale": 1 / 256, "zero_point": -128}, "int16": {"scale": 1 / 32768, "zero_point": 0}}
_TANH = {"int8": {"scale": 1 / 128, "zero_point": 0}, "int16": {"scale": 1 / 32768, "zero_point": 0}}

RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "CONV_2D": (conv2d, ("int8", "int16", "float32")),
    "DEPTHWISE_CONV_2D": (depthwise, ("int8", "int16", "float32")),
    "FULLY_CONNECTED": (fully_connected, ("int8", "float32")),
    "ADD": (_binary("ADD", True), ("int8", "int16", "float32")),
    "SUB": (_binary("SUB", True), ("int8", "int16", "float32")),
    "MUL": (_binary("MUL", True), ("int8", "int16", "float32")),
    "MINIMUM": (_binary("MINIMUM", False), ("int8", "int16", "int32", "float32")),
    "MAXIMUM": (_binary("MAXIMUM", False), ("int8", "int16", "int32", "float32")),
    "AVERAGE_POOL_2D": (_pool("AVERAGE_POOL_2D"), ("int8", "int16", "float32")),
    "MAX_POOL_2D": (_pool("MAX_POOL_2D"), ("int8", "int16", "float32")),
    "MEAN": (mean, ("int8", "int16", "float32")),
    "SOFTMAX": (softmax, ("int8", "int16", "float32")),
    "LOGISTIC": (_unary("LOGISTIC", _SIGMOID), ("int8", "int16", "float32")),
    "TANH": (_unary("TANH", _TANH), ("int8", "int16", "float32")),
    "HARD_SWISH": (_unary("HARD_SWISH"), ("int8", "float32")),
    "LEAKY_RELU": (_unary("LEAKY_RELU"), ("int8", "int16", "float32")),
    "RELU": (_unary("RELU"), ("int8", "int16", "float32")),
    "RELU6": (_unary("RELU6", same=True), ("int8", "int16", "float32")),
    "QUANTIZE": (quantize, ("int8", "int16", "float32")),
    "DEQUANTIZE": (dequantize, ("int8", "int16")),
    "RESHAPE": (reshape, ("int8", "int16", "int32", "float32")),
    "PAD": (pad, ("int8", "int16", "int32", "float32")),
    "CONCATENATION": (concatenation, ("int8", "int16", "int32", "float32")),
    "PACK": (pack, ("int8", "int16", "int32", "float32")),
    "STRIDED_SLICE": (strided_slice, ("int8", "int16", "int32", "float32")),
    "SPLIT": (split, ("int8", "int16", "int32", "float32")),
    "TRANSPOSE": (transpose, ("int8", "int16", "int32", "float32")),
    "RESIZE_NEAREST_NEIGHBOR": (resize, ("int8", "int16", "float32")),
    "NETWORK": (network, ("int8",)),
}
"""Operator -> (rule, dtypes)."""


@st.composite
def models(draw: Draw, operator: str) -> bytes:
    """A .tflite file whose main operator is `operator`."""
    rule, dtypes = RULES[operator]
    make = Maker(draw, draw(st.sampled_from(dtypes)))
    outputs = rule(make)
    return make.model.build(outputs)
