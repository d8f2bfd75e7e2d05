"""Variants for cores without SIMD instructions: Cortex-M0+, M3, and M33 without DSP. Layouts:
include/micrort/kernels/scalar.h and runtime/kernels/scalar/scale.h."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from micrort.ir import DType, KernelCall, Tensor
from micrort.variants import cost
from micrort.variants.base import Variant
from micrort.variants.scalar_scales import Scaling, scale

Tensors = Mapping[str, Tensor]


def variants(call: KernelCall, tensors: Tensors, optimize: str) -> Iterator[Variant]:
    """Every variant that computes `call`, cost estimated."""
    del optimize
    for provider in _PROVIDERS.get(call.kernel, ()):
        offer = provider(call, tensors)
        if offer is not None:
            yield offer


def convolution(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Any convolution in one group."""
    weights = tensors[call.inputs[1]].data
    if weights is None or call.attrs["groups"] != 1:
        return None
    own = ("groups", "input_offset", *_END)
    window = {name: value for name, value in call.attrs.items() if name not in own}
    return _windows(call, tensors, weights.reshape(weights.shape[0], -1), window)


_END = ("output_offset", "activation_min", "activation_max")


def _windows(
    call: KernelCall, tensors: Tensors, filters: np.ndarray, window: Mapping[str, int | float]
) -> Variant | None:
    scaling = scale(call, tensors, filters)
    if scaling is None or not lanes_hold(filters):
        return None
    attrs = {**window, **scaling.attrs, "input_point": -int(call.attrs["input_offset"])}
    pixels = tensors[call.outputs[0]].elements // len(filters)
    estimate = -(-pixels // 2) * cost.scalar_pixels(*filters.shape)
    return _replaced(call, "conv2d_s8_scalar", pack(filters, scaling), attrs, estimate)


def lanes_hold(filters: np.ndarray) -> bool:
    """Whether two products of neighbouring elements fit into a lane: all weights but two of -128 do.

    Args:
        filters: int8 [output channels, elements].
    """
    padded = np.pad(filters.astype(np.int64), ((0, 0), (0, filters.shape[1] % 2)))
    return bool(abs(padded).reshape(len(filters), -1, 2).sum(axis=2).max() < 256)


def pack(filters: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Groups of two channels as int32 [groups, words], for kernels that pair pixels.

    Args:
        filters: int8 [output channels, elements].
        scaling: of each channel.
    """
    channels, elements = filters.shape
    padding = (0, channels % 2)
    padded = np.pad(filters, (padding, (0, elements % 2))).astype(np.int8)
    # [groups, channels, pairs, 2] -> [groups, pairs, channels, 2]
    weights = padded.reshape(-1, 2, padded.shape[1] // 2, 2).transpose(0, 2, 1, 3)
    words = np.ascontiguousarray(weights).reshape(len(weights), -1).view("<i4").astype(np.int32)
    records = np.pad(scaling.records, (padding, (0, 0))) & 0xFFFFFFFF
    return np.concatenate([records.astype(np.uint32).view(np.int32).reshape(len(weights), -1), words], axis=1)


def _replaced(
    call: KernelCall, kernel: str, groups: np.ndarray, attrs: Mapping[str, int | float], instructions: int
) -> Variant:
    """The same node by another kernel, with one constant in place of weights, bias and scales."""
    constant = Tensor(f"{call.name}/groups", groups.shape, DType.S32, data=groups)
    replaced = replace(call, kernel=kernel, inputs=(call.inputs[0], constant.name), attrs=attrs, in_place=())
    return Variant(replaced, (constant,), instructions)


_PROVIDERS: dict[str, tuple[Callable[[KernelCall, Tensors], Variant | None], ...]] = {
    "conv2d_s8": (convolution,),
}
