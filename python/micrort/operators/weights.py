"""What operators with weights share: legality of types, bias and scales, and the constants of their kernels."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from micrort.ir import DType, KernelCall, Operands, Tensor
from micrort.operators.base import Operator, constraint
from micrort.operators.quantise import Activation, activation_range, float_activation_range, quantise_multiplier
from micrort.operators.window import Window


class _Windowed(Protocol):
    """An operator with a window."""

    def window(self, operands: Operands) -> Window:
        """Its window on these operands."""
        ...


_BIAS = {
    DType.S8: (DType.S32,),
    DType.S16: (DType.S64, DType.S32),
    DType.F32: (DType.F32,),
}
"""Input type -> types of the bias; the first is that of a bias that is left out."""

_TYPES = {
    (DType.S8, DType.S8, DType.S8),
    (DType.S16, DType.S8, DType.S16),
    (DType.F32, DType.F32, DType.F32),
}

WINDOW_MAX = 32767
"""Limit of each member of mrt_window_t."""

S64_SHIFT_MAX = 7
"""Largest shift of mrt_requantise_s64 (runtime/kernels/requantise.h)."""


@constraint("convert with full int8 quantisation (a representative data set), or keep the whole model in float32")
def supported_types(_: Operator, operands: Operands) -> str | None:
    """int8 input, weights and output; int16 input and output with int8 weights; or all of float32"""
    source, weights, output = operands.input(0).dtype, operands.input(1).dtype, operands.output.dtype
    if (source, weights, output) in _TYPES:
        return None
    if source is DType.F32 and weights is DType.S8:
        return "float32 input with int8 weights (dynamic-range quantisation) is not supported"
    return f"input is {source.value}, weights are {weights.value}, output is {output.value}"


@constraint("keep weights and bias constant: fold the operators that make them before exporting")
def constant_weights(_: Operator, operands: Operands) -> str | None:
    """constant weights and bias"""
    for index, what in ((1, "weights"), (2, "bias")):
        tensor = operands.optional(index)
        if tensor is not None and not tensor.is_constant:
            return f"the {what} '{tensor.name}' are computed by the model"
    return None


@constraint("keep the bias constant: add a computed bias with ADD instead")
def constant_bias(_: Operator, operands: Operands) -> str | None:
    """a constant bias, or none"""
    bias = operands.optional(2)
    return None if bias is None or bias.is_constant else f"the bias '{bias.name}' is computed by the model"


@constraint("convert with the standard quantisation of TensorFlow Lite")
def fitting_bias(_: Operator, operands: Operands) -> str | None:
    """one bias for each output channel: int32 with int8, int64 or int32 with int16, float32 with float32"""
    bias, channels = operands.optional(2), operands.output.nhwc[3]
    if bias is None:
        return None
    if bias.elements != channels:
        return f"{bias.elements} biases for {channels} output channels"
    if bias.dtype not in _BIAS[operands.input(0).dtype]:
        return f"the bias is {bias.dtype.value} with input of {operands.input(0).dtype.value}"
    return None


@constraint("convert with the standard quantisation of TensorFlow Lite: symmetric weights")
def symmetric_weights(_: Operator, operands: Operands) -> str | None:
    """weights with a zero point of 0, and one scale or one for each output channel"""
    if operands.input(0).dtype is DType.F32:
        return None
    source, weights, output = (
        tensor.quantisation for tensor in (operands.input(0), operands.input(1), operands.output)
    )
    if source is None or weights is None or output is None:
        return "input, weights or output have no scale"
    if any(weights.zero_points):
        return "the weights have a zero point other than 0"
    if len(weights.scales) not in (1, operands.output.nhwc[3]):
        return f"the weights have {len(weights.scales)} scales for {operands.output.nhwc[3]} output channels"
    return None


@constraint("calibrate with representative data: the output's scale is far too small for its inputs")
def shifts_in_range(_: Operator, operands: Operands) -> str | None:
    """input scale * weight scale / output scale below 2^30, or below 2^7 with an int64 bias"""
    if operands.input(0).dtype is DType.F32:
        return None
    limit = S64_SHIFT_MAX if bias_dtype(operands) is DType.S64 else 30
    largest = max(effective_scales(operands))
    return None if quantise_multiplier(largest)[1] <= limit and largest < 2.0**limit else f"the scale is {largest:g}"


@constraint("calibrate 16x8 quantisation with TensorFlow Lite: it makes zero points of 0")
def zero_points_of_zero(_: Operator, operands: Operands) -> str | None:
    """with int16, input and output with a zero point of 0"""
    for tensor in (operands.input(0), operands.output):
        if tensor.dtype is DType.S16 and tensor.quantisation is not None and tensor.quantisation.zero_point != 0:
            return f"'{tensor.name}' has the zero point {tensor.quantisation.zero_point}"
    return None


@constraint("shrink the input or the kernel, or split the operator")
def fitting_window(operator: _Windowed, operands: Operands) -> str | None:
    """height, width, channels, kernel, strides, dilations and padding of at most 32767 each"""
    attrs = operator.window(operands).attrs(operands.input(0), operands.output)
    for name, value in attrs.items():
        if not 0 <= value <= WINDOW_MAX:
            return f"{name} is {value}"
    return None


def effective_scales(operands: Operands) -> tuple[float, ...]:
    """input scale * weight scale / output scale, one or one per output channel, in double precision.

    Source: tensorflow/lite/kernels/kernel_util.cc, PopulateConvolutionQuantizationParams.
    """
    source, weights, output = (
        tensor.quantisation for tensor in (operands.input(0), operands.input(1), operands.output)
    )
    assert source is not None and weights is not None and output is not None
    return tuple(source.scale * scale / output.scale for scale in weights.scales)


def bias_dtype(operands: Operands) -> DType:
    """The bias's type, also where it is left out; it decides the width of the accumulator."""
    bias = operands.optional(2)
    return _BIAS[operands.input(0).dtype][0] if bias is None else bias.dtype


def bias_or_zeros(name: str, operands: Operands) -> Tensor:
    """The bias [output channels]; zeros where the model has none."""
    bias = operands.optional(2)
    if bias is not None:
        return bias
    dtype, channels = bias_dtype(operands), operands.output.nhwc[3]
    return Tensor(f"{name}/bias", (channels,), dtype, data=np.zeros(channels, dtype.numpy))


def channel_multipliers(name: str, operands: Operands) -> tuple[Tensor, Tensor]:
    """Multiplier and shift, int32 [output channels], of the effective scales."""
    channels, scales = operands.output.nhwc[3], effective_scales(operands)
    pairs = [quantise_multiplier(scale) for scale in (scales if len(scales) > 1 else scales * channels)]
    return (
        Tensor(f"{name}/multiplier", (channels,), DType.S32, data=np.array([m for m, _ in pairs], np.int32)),
        Tensor(f"{name}/shift", (channels,), DType.S32, data=np.array([s for _, s in pairs], np.int32)),
    )


def clamp_attrs(activation: Activation, output: Tensor) -> dict[str, int | float]:
    """The attributes activation_min and activation_max."""
    if output.dtype is DType.F32:
        low, high = float_activation_range(activation)
        return {"activation_min": low, "activation_max": high}
    lowest, highest = activation_range(activation, output)
    return {"activation_min": lowest, "activation_max": highest}


def offset_attrs(source: Tensor, output: Tensor) -> dict[str, int | float]:
    """The attributes input_offset and output_offset."""
    assert source.quantisation is not None and output.quantisation is not None
    return {"input_offset": -source.quantisation.zero_point, "output_offset": output.quantisation.zero_point}


def convolution_call(
    name: str, kernel: str, operands: Operands, attrs: dict[str, int | float]
) -> tuple[KernelCall, tuple[Tensor, ...]]:
    """A call of `<kernel>_<dtype>` with weights, bias and, where quantised, scales per channel; and its constants."""
    source, weights, output = operands.input(0), operands.input(1), operands.output
    constants: tuple[Tensor, ...] = (bias_or_zeros(name, operands),)
    if source.dtype is not DType.F32:
        constants += channel_multipliers(name, operands)
    if source.dtype is DType.S8:
        attrs = {**attrs, **offset_attrs(source, output)}
    call = KernelCall(
        name=name,
        kernel=f"{kernel}_{source.dtype.suffix}",
        inputs=(source.name, weights.name, *(tensor.name for tensor in constants)),
        outputs=(output.name,),
        attrs=attrs,
    )
    bias = operands.optional(2)
    return call, tuple(tensor for tensor in constants if tensor is not bias)
