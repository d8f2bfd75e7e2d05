"""Float32 variants for cores with MVE (Helium) and its float instructions. Layouts: include/micrort/kernels/mve.h."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from micrort.ir import DType, KernelCall, Tensor
from micrort.variants.base import Variant

Tensors = Mapping[str, Tensor]

GROUP, LANES = 16, 4
"""Output channels of a group; floats of a vector."""


def fully_connected(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Vectors times a constant matrix."""
    weights = tensors[call.inputs[1]].data
    if weights is None:
        return None
    return _products(call, tensors, weights.reshape(int(call.attrs["channels"]), -1))


def convolution(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Any convolution in one group."""
    weights = tensors[call.inputs[1]].data
    if weights is None or call.attrs["groups"] != 1:
        return None
    return _products(call, tensors, weights.reshape(weights.shape[0], -1))


def depthwise(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Depthwise convolutions with one output channel for each of the input, constants as they are."""
    if call.attrs["input_channels"] != call.attrs["output_channels"]:
        return None
    estimate = round(1.5 * call.macs) + 10 * tensors[call.outputs[0]].elements
    return Variant(replace(call, kernel=f"{call.kernel}_mve", in_place=()), (), estimate)


def pack(filters: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Groups of output channels as float32 [floats].

    Args:
        filters: float32 [output channels, elements].
        bias: float32 [output channels].
    """
    padded = np.pad(np.concatenate([bias[:, None], filters], axis=1), ((0, -len(filters) % LANES), (0, 0)))
    groups = [padded[first : first + GROUP].T.ravel() for first in range(0, len(padded), GROUP)]
    return np.concatenate(groups).astype(np.float32)


def _products(call: KernelCall, tensors: Tensors, filters: np.ndarray) -> Variant | None:
    bias = tensors[call.inputs[2]].data
    if bias is None:
        return None
    groups = pack(filters, bias)
    constant = Tensor(f"{call.name}/groups", groups.shape, DType.F32, data=groups)
    replaced = replace(call, kernel=f"{call.kernel}_mve", inputs=(call.inputs[0], constant.name), in_place=())
    channels = -(-len(filters) // LANES) * LANES
    outputs = tensors[call.outputs[0]].elements // len(filters) * channels
    return Variant(replaced, (constant,), round(outputs * (filters.shape[1] + 8)))


PROVIDERS = {
    "fully_connected_f32": (fully_connected,),
    "conv2d_f32": (convolution,),
    "depthwise_conv2d_f32": (depthwise,),
}
"""Variants of kernels, in the form of micrort.variants.mve."""
