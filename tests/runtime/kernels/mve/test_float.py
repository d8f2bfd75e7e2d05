"""Float32 kernels for MVE cores, through their C models, against the portable kernels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case

from micrort.ir import DType, KernelCall, Tensor
from micrort.operators.window import Padding, Window
from micrort.variants import mve

BOUNDS = [(-np.inf, np.inf), (0.0, np.inf), (-1.0, 1.0), (0.0, 6.0)]
CHANNELS = [1, 3, 4, 5, 12, 13, 16, 17, 24, 29, 32, 47]


def case_of(kernel: str, attrs: dict[str, int | float], arrays: list[np.ndarray], output: tuple[int, ...]) -> Case:
    names = ("x", "weights", "bias")
    typed = tuple(array.astype(np.float32) for array in arrays)
    tensors = {
        name: Tensor(name, array.shape, DType.F32, data=None if name == "x" else array)
        for name, array in zip(names, typed, strict=True)
    }
    tensors["y"] = Tensor("y", output, DType.F32)
    macs = typed[1].size * int(np.prod(output)) // output[-1]
    return Case(KernelCall("node", kernel, names, ("y",), attrs, macs=macs), tensors, typed)


def assert_close(case: Case) -> None:
    """Sums round differently, as fused multiplications do: 1e-5, absolute plus relative."""
    offer = case.variant(mve)
    np.testing.assert_allclose(case.run_every_way(offer), case.portable(), rtol=1e-5, atol=1e-5)


@st.composite
def windows(draw: st.DrawFn, depthwise: bool) -> Case:
    kernel = (draw(st.sampled_from([1, 1, 2, 3, 13])), draw(st.sampled_from([1, 1, 2, 3, 5])))
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    stride, dilation = draw(pairs), draw(st.one_of(st.just((1, 1)), pairs))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    extent = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    low = [1, 1] if padding is Padding.SAME else extent
    height, width = (draw(st.integers(size, size + 5)) for size in low)
    depth = draw(st.sampled_from(CHANNELS if depthwise else [1, 3, 8, 17]))
    channels = depth if depthwise else draw(st.sampled_from(CHANNELS))
    images = draw(st.integers(1, 2))
    assume(images * height * width * depth <= 15_000)  # tables of single rows reach 256 KiB
    shape = (images, height, width, depth)
    x = Tensor("x", shape, DType.F32)
    window = Window(kernel, stride, dilation, padding)
    output = window.output_shape(x, channels)
    attrs = {**window.attrs(x, Tensor("y", output, DType.F32))}
    attrs |= dict(zip(("activation_min", "activation_max"), draw(st.sampled_from(BOUNDS)), strict=True))
    random = np.random.default_rng(draw(st.integers(0, 999)))
    weights = (1, *kernel, depth) if depthwise else (channels, *kernel, depth)
    scale = 1 / np.sqrt(np.prod(kernel) * (1 if depthwise else depth))
    arrays = [random.normal(0, 1, shape), random.normal(0, scale, weights), random.normal(0, 1, channels)]
    if depthwise:
        return case_of("depthwise_conv2d_f32", attrs, arrays, output)
    return case_of("conv2d_f32", {**attrs, "groups": 1}, arrays, output)


@settings(deadline=None, max_examples=150)
@given(windows(depthwise=False))
def test_convolutions_are_close_to_the_portable_kernel(case: Case) -> None:
    assert_close(case)


@settings(deadline=None, max_examples=150)
@given(windows(depthwise=True))
def test_depthwise_convolutions_are_close_to_the_portable_kernel(case: Case) -> None:
    assert_close(case)


def products(shape: tuple[int, ...], channels: int, bounds: tuple[float, float], seed: int, depth: int = 0) -> Case:
    random = np.random.default_rng(seed)
    depth = depth or shape[-1]
    attrs = {"depth": depth, "channels": channels, "activation_min": bounds[0], "activation_max": bounds[1]}
    weights = random.normal(0, 1 / np.sqrt(depth), (channels, depth))
    output = (int(np.prod(shape)) // depth, channels)
    arrays = [random.normal(0, 1, shape), weights, random.normal(0, 1, channels)]
    return case_of("fully_connected_f32", attrs, arrays, output)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from([(7,), (3, 40), (2, 3, 16), (1, 4, 5, 6)]),
    st.sampled_from(CHANNELS),
    st.sampled_from(BOUNDS),
    st.integers(0, 99),
)
def test_matrix_products_are_close_to_the_portable_kernel(
    shape: tuple[int, ...], channels: int, bounds: tuple[float, float], seed: int
) -> None:
    assert_close(products(shape, channels, bounds, seed))


@pytest.mark.parametrize("channels", [3, 16])
def test_vectors_may_extend_over_rows(channels: int) -> None:
    assert_close(products((2, 3, 4, 5), channels, BOUNDS[0], 1, depth=60))


@pytest.mark.parametrize("channels", [3, 16])
def test_not_a_number_stays(channels: int) -> None:
    case = products((3, 8), channels, (-1.0, 1.0), 1)
    case.constants[0][1, 2] = np.nan
    case.constants[0][2, 2] = np.inf
    offer = case.variant(mve)
    np.testing.assert_allclose(case.run_every_way(offer), case.portable(), rtol=1e-5, atol=1e-5)


def test_variable_weights_groups_and_multipliers_stay_portable() -> None:
    case = products((3, 8), 4, BOUNDS[0], 1)
    free = {**case.tensors, "weights": Tensor("weights", (4, 8), DType.F32)}
    assert not list(mve.variants(case.call, free, "balanced"))
    free = {**case.tensors, "bias": Tensor("bias", (4,), DType.F32)}
    assert not list(mve.variants(case.call, free, "balanced"))
