"""Calls of portable kernels with random constants, and their variants, run on the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import strategies as st

from micrort.ir import DType, InPlace, KernelCall, Tensor
from micrort.native import kernels
from micrort.operators.window import Padding, Window
from micrort.variants import Variant

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Case:
    """A call as operators lower it, its tensors, and the arrays of its inputs."""

    call: KernelCall
    tensors: Mapping[str, Tensor]
    constants: tuple[np.ndarray, ...]
    """Of each input of the call; the first is the activation."""

    def variants(self, provider: ModuleType, optimize: str = "speed") -> dict[str, Variant]:
        """All variants that `provider` offers, by kernel; at least one must exist."""
        offers = list(provider.variants(self.call, self.tensors, optimize))
        made = {offer.call.kernel: offer for offer in offers if isinstance(offer, Variant)}
        assert made
        return made

    def variant(self, provider: ModuleType, kernel: str | None = None) -> Variant:
        """The first variant that `provider` offers, or that by `kernel`, which must exist."""
        offers = self.variants(provider)
        return next(iter(offers.values())) if kernel is None else offers[kernel]

    def offers(self, provider: ModuleType, kernel: str) -> list[Variant]:
        """What `provider` offers by `kernel` under balanced; perhaps nothing."""
        offers = provider.variants(self.call, self.tensors, "balanced")
        return [offer for offer in offers if offer.call.kernel == kernel]

    def rectified(self) -> Case:
        """The same with a zero point and a clamp of the output that let no negative sum be seen."""
        clamp = {"output_offset": -128, "activation_min": -128, "activation_max": 127}
        return replace(self, call=replace(self.call, attrs={**self.call.attrs, **clamp}))

    def portable(self) -> np.ndarray:
        """What the portable kernel makes."""
        return self._run(self.call, self.constants, None)

    def run_every_way(self, variant: Variant) -> np.ndarray:
        """What the variant makes: all rows at once, in every order of pieces, with rows that lie anywhere, and over its
        input, where it offers that."""
        made = {tensor.name: tensor.data for tensor in variant.constants}
        known = dict(zip(self.call.inputs, self.constants, strict=True))
        arrays = tuple(known[name] if made.get(name) is None else made[name] for name in variant.call.inputs)
        whole = self._run(variant.call, arrays, None)
        rows = self.tensors[self.call.outputs[0]].rows
        single = [(row, row + 1) for row in range(rows)]
        for pieces in (single, single[::-1], [(0, rows // 2), (rows // 2, rows)]):
            np.testing.assert_array_equal(self._run(variant.call, arrays, pieces), whole, strict=True)
        for seed in range(3):
            np.testing.assert_array_equal(self._run(variant.call, arrays, None, seed), whole, strict=True)
        for offer in variant.call.in_place:
            if self.call.inputs.count(self.call.inputs[offer.input]) == 1:
                over = self._run(variant.call, arrays, None, in_place=offer)
                np.testing.assert_array_equal(over, whole, strict=True)
        return whole

    def _run(
        self,
        call: KernelCall,
        arrays: tuple[np.ndarray, ...],
        rows: list[tuple[int, int]] | None,
        scattered: int | None = None,
        in_place: InPlace | None = None,
    ) -> np.ndarray:
        output = self.tensors[call.outputs[0]]
        made = [(output.shape, output.dtype)]
        (result,) = kernels.call(call.kernel, call.attrs, arrays, made, rows, in_place, scattered)
        return result


def pairs_of(seed: int, output_point: int | None = None) -> Draw:
    """A `draw` for tests without hypothesis: the same example for a seed; an output's zero point may be given."""
    random = np.random.default_rng(seed)

    def draw(strategy: st.SearchStrategy[Any]) -> Any:
        if strategy is _SEEDS:
            return int(random.integers(1 << 30))
        if strategy is _CLAMPS:
            return (-128, 127)
        if strategy is _OUTPUT_POINTS and output_point is not None:
            return output_point
        return int(random.integers(-128, 128))

    return draw


_SEEDS = st.integers(0, (1 << 30) - 1)
_POINTS = st.integers(-128, 127)
_OUTPUT_POINTS = st.one_of(st.just(-128), _POINTS)
"""Often that of an output behind a ReLU."""
_CLAMPS = st.sampled_from([(-128, 127), (-128, 127), (-20, 90), (-128, 5), (0, 127), (7, 7)])


def fully_connected(
    draw: Draw,
    shape: tuple[int, ...],
    depth: int,
    channels: int,
    shift: int | None = None,
    multiplier: int = 1518500250,
) -> Case:
    """A matrix product of vectors; scaled per tensor where `shift` is given."""
    random = np.random.default_rng(draw(_SEEDS))
    attrs = {"depth": depth, "channels": channels, **_quantisation(draw)}
    arrays = [random.integers(-128, 128, shape), *_weights(random, (channels, depth), channels)]
    if shift is None:
        attrs |= {"multiplier": 0, "shift": 0}
        arrays += _scales(random, channels, depth)
    else:
        attrs |= {"multiplier": multiplier, "shift": shift}
    output = (int(np.prod(shape)) // depth, channels)
    if shape[-1] == depth and len(shape) > 1:
        output = (*shape[:-1], channels)
    return _case("fully_connected_s8", attrs, arrays, output, depth * channels)


def conv2d(
    draw: Draw,
    shape: tuple[int, int, int, int],
    channels: int,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    padding: Padding = Padding.SAME,
) -> Case:
    """A convolution of one group; its output must not be empty."""
    random = np.random.default_rng(draw(_SEEDS))
    depth = kernel[0] * kernel[1] * shape[3]
    source = Tensor("x", shape, DType.S8)
    window = Window(kernel, stride, dilation, padding)
    output = window.output_shape(source, channels)
    attrs = {**window.attrs(source, Tensor("y", output, DType.S8)), "groups": 1, **_quantisation(draw)}
    arrays = [random.integers(-128, 128, shape), *_weights(random, (channels, *kernel, shape[3]), channels)]
    arrays += _scales(random, channels, depth)
    return _case("conv2d_s8", attrs, arrays, output, depth * channels)


def depthwise_conv2d(
    draw: Draw,
    shape: tuple[int, int, int, int],
    multiplier: int,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    padding: Padding = Padding.SAME,
) -> Case:
    """A depthwise convolution with `multiplier` output channels for each of the input."""
    random = np.random.default_rng(draw(_SEEDS))
    channels, depth = shape[3] * multiplier, kernel[0] * kernel[1]
    source = Tensor("x", shape, DType.S8)
    window = Window(kernel, stride, dilation, padding)
    output = window.output_shape(source, channels)
    attrs = {**window.attrs(source, Tensor("y", output, DType.S8)), **_quantisation(draw)}
    arrays = [random.integers(-128, 128, shape), *_weights(random, (1, *kernel, channels), channels)]
    arrays += _scales(random, channels, depth)
    return _case("depthwise_conv2d_s8", attrs, arrays, output, depth * channels)


def _quantisation(draw: Draw) -> dict[str, int | float]:
    low, high = draw(_CLAMPS)
    points = {"input_offset": -max(draw(_POINTS), -128), "output_offset": draw(_OUTPUT_POINTS)}
    return {**points, "activation_min": low, "activation_max": high}


def _weights(random: np.random.Generator, shape: tuple[int, ...], channels: int) -> list[np.ndarray]:
    """Weights and biases."""
    return [random.integers(-127, 128, shape), random.integers(-9000, 9000, channels).astype(np.int32)]


def _scales(random: np.random.Generator, channels: int, depth: int) -> list[np.ndarray]:
    """Multipliers and shifts such that outputs use their range."""
    multiplier = random.integers(1 << 30, (1 << 31) - 1, channels).astype(np.int32)
    expected = int(np.log2(5400 * np.sqrt(depth) / 60))
    return [multiplier, -random.integers(max(expected - 1, 1), expected + 2, channels).astype(np.int32)]


def _case(
    kernel: str, attrs: dict[str, int | float], arrays: list[np.ndarray], output: tuple[int, ...], weights: int
) -> Case:
    names = ("x", "weights", "bias", "multiplier", "shift")[: len(arrays)]
    typed = [array.astype(np.int8) if index < 2 else array for index, array in enumerate(arrays)]
    tensors = {
        name: Tensor(name, array.shape, DType(array.dtype.name), data=array)
        for name, array in zip(names, typed, strict=True)
    }
    tensors["x"] = replace(tensors["x"], data=None)
    tensors["y"] = Tensor("y", output, DType.S8)
    macs = weights * (int(np.prod(output)) // output[-1])
    call = KernelCall("node", kernel, names, ("y",), attrs, operator=kernel, macs=macs)
    return Case(call, tensors, tuple(typed))
