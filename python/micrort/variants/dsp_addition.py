"""Addition and subtraction as one linear form, found by search and proved over all pairs of operands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from micrort.ir import KernelCall, Tensor
from micrort.variants.base import Variant

_SHIFT = 20
"""MRT_ADD_S8_DSP_SHIFT."""
_TRIES = 400
"""Steps of the search for factors."""
_BROADCAST = ("rows0", "rows1", "rows2", "rows3", "width", "channels")
_EACH = np.arange(-128, 128, dtype=np.int64)


def addition(call: KernelCall, tensors: Mapping[str, Tensor]) -> Variant | None:
    """Operands of one shape, and factors for which the linear form gives the portable kernel's bytes, all 65,536."""
    if call.attrs["input0_repeats"] or call.attrs["input1_repeats"]:
        return None
    clamp = {name: call.attrs[name] for name in ("activation_min", "activation_max")}
    form = _search(call, _portable(call), int(clamp["activation_min"]), int(clamp["activation_max"]))
    if form is None:
        return None
    attrs = {**dict(zip(("factor0", "factor1", "constant"), form, strict=True)), **clamp}
    instructions = 9 * tensors[call.outputs[0]].elements
    return Variant(replace(call, kernel="add_s8_dsp", attrs=attrs), (), instructions)


def _portable(call: KernelCall) -> np.ndarray:
    """What the portable kernel makes of every pair, int64 [256, 256]."""
    from micrort.ir import DType
    from micrort.native import kernels

    attrs = {**call.attrs, **dict.fromkeys(_BROADCAST, 1), "rows3": 256, "channels": 256}
    left = np.repeat(_EACH, 256).astype(np.int8).reshape(256, 1, 256)
    right = np.tile(_EACH, 256).astype(np.int8).reshape(256, 1, 256)
    (made,) = kernels.call(call.kernel, attrs, [left, right], [((256, 1, 256), DType.S8)])
    return made.reshape(256, 256).astype(np.int64)


def _factors(call: KernelCall) -> np.ndarray:
    """2**28 times operand scale / output scale, float64 [2]."""
    output = int(call.attrs["output_multiplier"]) * 2.0 ** (int(call.attrs["output_shift"]) - 31 + 20)
    signs = (1, -1 if call.kernel == "sub_s8" else 1)
    operands = [
        sign * int(call.attrs[f"input{index}_multiplier"]) * 2.0 ** (int(call.attrs[f"input{index}_shift"]) - 31)
        for index, sign in enumerate(signs)
    ]
    return np.array(operands) * output * (1 << _SHIFT + 8)


def _search(call: KernelCall, expected: np.ndarray, low: int, high: int) -> tuple[int, int, int] | None:
    """Factors and a constant for which every pair comes out as expected.

    Each pair bounds the constant from below and from above. Where the highest lower bound exceeds the lowest upper
    bound, the factors move by the least that makes these two agree (the relaxation method for linear inequalities).
    """
    factors = _factors(call)
    for _ in range(_TRIES):
        whole = [round(factor) for factor in factors]
        if max(map(abs, whole)) >= 1 << 31:
            return None
        sums = (_EACH * whole[0] >> 8)[:, None] + (_EACH * whole[1] >> 8)[None, :]
        least = np.where(expected > low, (expected << _SHIFT) - sums, -(1 << 40))
        most = np.where(expected < high, ((expected + 1) << _SHIFT) - 1 - sums, 1 << 40)
        lower, upper = np.unravel_index(least.argmax(), least.shape), np.unravel_index(most.argmin(), most.shape)
        begin, end = max(int(least[lower]), -(1 << 31)), min(int(most[upper]), (1 << 31) - 1)
        if begin <= end:
            constant = (begin + end) // 2
            return (whole[0], whole[1], constant) if _is_narrow(whole, sums, constant) else None
        direction = (np.array(upper) - np.array(lower)) / 256
        factors = factors - direction * (begin - end) / max(float(direction @ direction), 1e-9)
    return None


def _is_narrow(factors: list[int], sums: np.ndarray, constant: int) -> bool:
    """Whether no sum, nor a part of one, leaves 32 bits."""
    largest = max(abs(int(sums.max())), abs(int(sums.min())), (128 * abs(factors[0]) >> 8) + 1)
    return largest + abs(constant) < 1 << 31
