"""FULLY_CONNECTED through the frontend, lowering and the C kernels.

LiteRT's kernels round int8 and int16 products once, the target twice, so that no resolver may stand in for it: the
reference for integers is the exact model below, itself compared with LiteRT within one step. Floats are LiteRT's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.elements import elements, scales, seeds, zero_points
from tests.lowered import lower, tensor
from tests.operators.differential import assert_like_litert, outputs_of
from tests.runtime.kernels import exact
from tests.runtime.kernels.convolutions import ACTIVATIONS
from tests.tflite_builder import ModelBuilder, litert

from micrort.ir import DType
from micrort.operators.fully_connected import FullyConnected
from micrort.operators.quantise import quantise_multiplier

BOUNDS = {"NONE": (None, None), "RELU": (0.0, None), "RELU_N1_TO_1": (-1.0, 1.0), "RELU6": (0.0, 6.0)}


@dataclass(frozen=True)
class Case:
    """A quantised matrix product."""

    source: np.ndarray
    weights: np.ndarray
    bias: np.ndarray | None
    scales: tuple[np.float32, np.ndarray, np.float32]
    """Of input, weights [1 or channels], output."""
    points: tuple[int, int]
    activation: str
    keep: bool

    @property
    def output_shape(self) -> tuple[int, ...]:
        channels, depth = self.weights.shape
        return (*self.source.shape[:-1], channels) if self.keep else (self.source.size // depth, channels)

    def model(self) -> bytes:
        """As a .tflite file."""
        builder = ModelBuilder()
        dtype = self.source.dtype.name
        source_scale, weight_scales, output_scale = self.scales
        x = builder.input("x", self.source.shape, dtype, scale=source_scale, zero_point=self.points[0])
        inputs = [x, builder.constant("w", self.weights, scale=weight_scales, axis=0)]
        options = {}
        if self.bias is not None:
            inputs.append(builder.constant("b", self.bias, scale=weight_scales * source_scale, axis=0))
            options = {"quantizedBiasType": "INT32"} if self.bias.dtype == np.int32 else {}
        y = builder.tensor("y", self.output_shape, dtype, scale=output_scale, zero_point=self.points[1])
        builder.operator(
            "FULLY_CONNECTED", inputs, [y], fusedActivationFunction=self.activation, keepNumDims=self.keep, **options
        )
        return builder.build([y])

    def limits(self) -> tuple[int, int]:
        """The clamp of the output."""
        info = np.iinfo(self.source.dtype)
        low, high = BOUNDS[self.activation]
        scale, point = self.scales[2], self.points[1]
        return (
            info.min if low is None else max(info.min, point + exact.half_away(exact.Fraction(float(low / scale)))),
            info.max if high is None else min(info.max, point + exact.half_away(exact.Fraction(float(high / scale)))),
        )

    def multipliers(self) -> list[tuple[int, int]]:
        """Of each channel: the product of scales is of double precision per channel, of single precision per tensor."""
        source_scale, weight_scales, output_scale = self.scales
        if len(weight_scales) == 1:
            real = float(source_scale * weight_scales[0]) / float(output_scale)
            return [quantise_multiplier(real)] * len(self.weights)
        return [quantise_multiplier(float(source_scale) * float(s) / float(output_scale)) for s in weight_scales]

    def expected(self) -> np.ndarray:
        """The target's arithmetic on exact integers."""
        wide = self.source.dtype == np.int16 and (self.bias is None or self.bias.dtype == np.int64)
        scale = exact.requantise_s64 if wide else exact.requantise
        vectors = self.source.reshape(-1, self.weights.shape[1]).astype(np.int64) - self.points[0]
        sums = vectors @ self.weights.astype(np.int64).T + (0 if self.bias is None else self.bias)
        rows = [
            [
                exact.clamp(scale(int(value), *pair) + self.points[1], *self.limits())
                for value, pair in zip(row, self.multipliers(), strict=True)
            ]
            for row in sums
        ]
        return np.array(rows, self.source.dtype).reshape(self.output_shape)


@st.composite
def cases(draw: st.DrawFn, dtype: str) -> Case:
    """Inputs of one to four dimensions, flattened or kept; scales per tensor or per channel; with or without bias."""
    seed = draw(seeds)
    random = np.random.default_rng(seed)
    shape = (*draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)), draw(st.integers(1, 40)))
    keep = draw(st.booleans())
    depth = shape[-1] if keep else int(np.prod(shape[draw(st.integers(0, len(shape) - 1)) :]))
    channels = draw(st.integers(1, 14))
    weight_scales = np.exp(random.uniform(-6, -2, draw(st.sampled_from([1, channels])))).astype(np.float32)
    source_scale = np.float32(draw(scales(1e-3, 1.0)))
    spread = source_scale * np.median(weight_scales) * 60 * np.sqrt(depth)
    output_scale = np.float32(spread * draw(st.floats(1.0, 8.0)))
    kinds = {"int8": [np.int32, None], "int16": [np.int64, np.int32, None]}[dtype]
    kind = draw(st.sampled_from(kinds))
    limit = {"int8": 5000, "int16": 2_000_000}[dtype]
    bias = None if kind is None else random.integers(-limit, limit, channels).astype(kind)
    return Case(
        elements(shape, dtype, seed),
        elements((channels, depth), "int8", seed + 1),
        bias,
        (source_scale, weight_scales, output_scale),
        (draw(zero_points(dtype)), draw(zero_points(dtype))),
        draw(st.sampled_from(ACTIVATIONS)),
        keep,
    )


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_bytes_are_those_of_the_exact_model(dtype: str, data: st.DataObject) -> None:
    case = data.draw(cases(dtype))
    (result,) = outputs_of(case.model(), [case.source])
    np.testing.assert_array_equal(result, case.expected(), strict=True)


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_litert_is_within_one_step(dtype: str, data: st.DataObject) -> None:
    """So that the exact model cannot be wrong in more than rounding."""
    case = data.draw(cases(dtype))
    (theirs,) = litert(case.model(), [case.source], "ref")
    (ours,) = outputs_of(case.model(), [case.source])
    assert ours.shape == theirs.shape
    assert np.max(np.abs(ours.astype(np.int32) - theirs)) <= 1


@settings(max_examples=80, deadline=None)
@given(seed=seeds, batch=st.integers(1, 5), depth=st.integers(1, 60), channels=st.integers(1, 14), data=st.data())
def test_float(seed: int, batch: int, depth: int, channels: int, data: st.DataObject) -> None:
    random = np.random.default_rng(seed)
    model = ModelBuilder()
    x = model.input("x", (batch, depth), "float32")
    inputs = [x, model.constant("w", random.standard_normal((channels, depth)).astype(np.float32) / np.float32(depth))]
    if data.draw(st.booleans()):
        inputs.append(model.constant("b", random.standard_normal(channels).astype(np.float32)))
    y = model.tensor("y", (batch, channels), "float32")
    activation = data.draw(st.sampled_from(ACTIVATIONS))
    model.operator("FULLY_CONNECTED", inputs, [y], fusedActivationFunction=activation)
    assert_like_litert(model.build([y]), [elements((batch, depth), "float32", seed)], tolerance=1e-5)


@pytest.mark.parametrize("channels", [1, 3, 4, 9])
def test_weights_may_be_computed(channels: int) -> None:
    """Two inputs: the product of one with the other, as attention has it."""
    random = np.random.default_rng(channels)
    source = random.integers(-128, 128, (3, 10)).astype(np.int8)
    weights = random.integers(-128, 128, (channels, 10)).astype(np.int8)
    model = ModelBuilder()
    x = model.input("x", source.shape, "int8", scale=0.1, zero_point=5)
    w = model.input("w", weights.shape, "int8", scale=0.02)
    y = model.tensor("y", (3, channels), "int8", scale=0.4, zero_point=-4)
    model.operator("FULLY_CONNECTED", [x, w], [y])
    case = Case(
        source,
        weights,
        None,
        (np.float32(0.1), np.array([0.02], np.float32), np.float32(0.4)),
        (5, -4),
        "NONE",
        False,
    )
    (result,) = outputs_of(model.build([y]), [source, weights])
    np.testing.assert_array_equal(result, case.expected(), strict=True)


def test_a_scale_for_the_whole_tensor_costs_no_constants() -> None:
    """Multiplier and shift are attributes then; weights with a scale per channel bring two constants."""
    source = tensor("x", (1, 8), DType.S8, 0.1)
    weights = tensor("w", (4, 8), DType.S8, 0.1, data=np.ones((4, 8), np.int8))
    bias = tensor("b", (4,), DType.S32, 0.01, data=np.zeros(4, np.int32))
    arrays = [(source, np.ones((1, 8), np.int8)), (weights, weights.data), (bias, bias.data)]
    lowered = lower(FullyConnected(), arrays, tensor("y", (1, 4), DType.S8, 0.2))
    assert lowered.call.inputs == ("x", "w", "b")
    assert (lowered.call.attrs["multiplier"], lowered.call.attrs["shift"]) == quantise_multiplier(
        float(np.float32(0.1) * np.float32(0.1)) / float(np.float32(0.2))
    )
    assert lowered.call.macs == 32
