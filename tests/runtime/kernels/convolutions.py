"""Random convolutions as .tflite models, for the tests of CONV_2D and DEPTHWISE_CONV_2D."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from tests.elements import elements, seeds, zero_points
from tests.tflite_builder import ModelBuilder

ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6")


@dataclass(frozen=True)
class Geometry:
    """Shapes and strides. Depthwise: `groups` equals the channels."""

    source: tuple[int, int, int, int]
    filters: int
    groups: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: str
    depthwise: bool

    @property
    def output(self) -> tuple[int, int, int, int]:
        """Shape of the output; sizes below 1 where the kernel does not fit."""
        sizes = []
        for axis in range(2):
            size, step = self.source[1 + axis], self.stride[axis]
            extent = (self.kernel[axis] - 1) * self.dilation[axis] + 1
            sizes.append(-(-size // step) if self.padding == "SAME" else (size - extent) // step + 1)
        return self.source[0], sizes[0], sizes[1], self.filters

    @property
    def weights(self) -> tuple[int, int, int, int]:
        """Shape of the weights."""
        if self.depthwise:
            return 1, *self.kernel, self.filters
        return self.filters, *self.kernel, self.source[3] // self.groups

    @property
    def taps(self) -> int:
        """Products of an output element, at most."""
        inside = [min(self.kernel[axis], self.source[1 + axis]) for axis in range(2)]
        return inside[0] * inside[1] * (1 if self.depthwise else self.weights[3])


@st.composite
def geometries(draw: st.DrawFn, depthwise: bool) -> Geometry:
    """Any geometry in which the kernel fits somewhere; small, because LiteRT's reference is slow too."""
    groups = draw(st.integers(1, 9) if depthwise else st.sampled_from([1, 1, 1, 2, 3]))
    depth = 1 if depthwise else draw(st.integers(1, 6))
    filters = groups * draw(st.sampled_from([1, 1, 2, 3]) if depthwise else st.integers(1, 9))
    # Kernels higher than MRT_LINES_MAX find some of their rows in another way.
    kernel = (draw(st.one_of(st.integers(1, 4), st.integers(11, 15))), draw(st.integers(1, 5)))
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    stride, dilation = draw(pairs), draw(st.one_of(st.just((1, 1)), pairs))
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    smallest = [1, 1] if padding == "SAME" else [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    height, width = (draw(st.integers(low, low + 8)) for low in smallest)
    source = (draw(st.sampled_from([1, 1, 2, 3])), height, width, groups * depth)
    return Geometry(source, filters, groups, kernel, stride, dilation, padding, depthwise)


@dataclass(frozen=True)
class Model:
    """A model of one operator, and an input for it."""

    data: bytes
    source: np.ndarray
    geometry: Geometry


@st.composite
def quantised(draw: st.DrawFn, geometry: Geometry, dtype: str, bias: str) -> Model:
    """int8 or int16 with int8 weights; scales such that outputs are neither all zero nor all clamped."""
    seed = draw(seeds)
    random = np.random.default_rng(seed)
    channels = geometry.filters if draw(st.booleans()) else 1
    weight_scales = np.exp(random.uniform(np.log(1e-2), np.log(0.1), channels)).astype(np.float32)
    # Sums deviate by some `deviation` in real numbers, and by some `steps` in outputs.
    deviation = draw(st.floats(1.0, 8.0))
    steps, magnitude, limit = {"int8": (60, 85, 9000), "int16": (15000, 20000, 2_000_000)}[dtype]
    unit = 73 * magnitude * float(np.median(weight_scales)) * np.sqrt(geometry.taps)
    source_scale = float(np.float32(deviation / unit))
    output_scale = float(np.float32(deviation / steps * draw(st.floats(0.5, 4.0))))
    points = (draw(zero_points(dtype)), draw(zero_points(dtype)))
    axis = 3 if geometry.depthwise else 0
    biases = random.integers(-limit, limit, geometry.filters, endpoint=True)
    model = ModelBuilder()
    x = model.input("x", geometry.source, dtype, scale=source_scale, zero_point=points[0])
    w = model.constant("w", elements(geometry.weights, "int8", seed + 1), scale=weight_scales, axis=axis)
    b = model.constant("b", biases.astype(bias), scale=weight_scales * np.float32(source_scale), axis=0)
    y = model.tensor("y", geometry.output, dtype, scale=output_scale, zero_point=points[1])
    add(model, geometry, [x, w, b, y], draw(st.sampled_from(ACTIVATIONS)), bias)
    return Model(model.build([y]), elements(geometry.source, dtype, seed), geometry)


@st.composite
def floats(draw: st.DrawFn, geometry: Geometry) -> Model:
    """float32 throughout."""
    seed = draw(seeds)
    model = ModelBuilder()
    x = model.input("x", geometry.source, "float32")
    random = np.random.default_rng(seed)
    w = model.constant("w", random.standard_normal(geometry.weights).astype(np.float32) / np.float32(geometry.taps))
    b = model.constant("b", random.standard_normal(geometry.filters).astype(np.float32))
    y = model.tensor("y", geometry.output, "float32")
    add(model, geometry, [x, w, b, y], draw(st.sampled_from(ACTIVATIONS)))
    return Model(model.build([y]), elements(geometry.source, "float32", seed), geometry)


def add(model: ModelBuilder, geometry: Geometry, tensors: list[int], activation: str, bias: str = "int32") -> None:
    """The operator on [input, weights, bias, output]."""
    options = {
        "padding": geometry.padding,
        "strideH": geometry.stride[0],
        "strideW": geometry.stride[1],
        "dilationHFactor": geometry.dilation[0],
        "dilationWFactor": geometry.dilation[1],
        "fusedActivationFunction": activation,
    }
    if geometry.depthwise:
        options["depthMultiplier"] = geometry.filters // geometry.groups
    elif bias == "int32":
        options["quantizedBiasType"] = "INT32"  # LiteRT asks for it with int16; the target looks at the bias itself
    name = "DEPTHWISE_CONV_2D" if geometry.depthwise else "CONV_2D"
    model.operator(name, tensors[:3], tensors[3:], **options)


def models(depthwise: bool, dtype: str, bias: str = "int32") -> st.SearchStrategy[Model]:
    """Models of one convolution."""
    if dtype == "float32":
        return geometries(depthwise).flatmap(floats)
    return geometries(depthwise).flatmap(lambda geometry: quantised(geometry, dtype, bias))
