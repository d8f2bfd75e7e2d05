"""ADD and SUB of int8 as one linear form, searched for and proved over all pairs of operands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from micrort.ir import DType


@dataclass(frozen=True)
class Form:
    """clamp((a * first + b * second + addend) >> shift), without leaving int32."""

    first: int
    second: int
    addend: int
    shift: int


def search(kernel: str, attrs: Mapping[str, int | float]) -> Form | None:
    """The form that equals `kernel` (add_s8 or sub_s8) with these attributes on all pairs; None if none is found.

    The kernel itself, which runs on the host, says what is right.
    """
    return _search(kernel, tuple(sorted((name, int(value)) for name, value in attrs.items() if name not in _SHAPE)))


_SHAPE = ("rows0", "rows1", "rows2", "rows3", "width", "channels", "input0_repeats", "input1_repeats")
_SHIFTS = range(23, 11, -1)
_NEAR = (0, 1, -1, 2, -2)


@lru_cache(maxsize=64)
def _search(kernel: str, attrs: tuple[tuple[str, int], ...]) -> Form | None:
    from micrort.native import kernels

    left, right = np.divmod(np.arange(65536), 256)
    a, b = (left - 128).astype(np.int8), (right - 128).astype(np.int8)
    shape = {**dict.fromkeys(_SHAPE, 1), "channels": 65536, "input0_repeats": 0, "input1_repeats": 0}
    named = dict(attrs)
    (want,) = kernels.call(kernel, {**shape, **named}, [a, b], [((65536,), DType.S8)])
    wide = [values.astype(np.int64) for values in (a, b, want)]
    for form in _candidates(kernel, named):
        addend = _addend(form, wide, named["activation_min"], named["activation_max"])
        if addend is not None:
            return Form(form.first, form.second, addend, form.shift)
    return None


def _candidates(kernel: str, attrs: Mapping[str, int]) -> Iterator[Form]:
    """The ratios of scales in fixed point, as fine as int32 allows, and their neighbours."""
    output = attrs["output_multiplier"] * 2.0 ** (attrs["output_shift"] + 20 - 31)
    ratios = [attrs[f"input{i}_multiplier"] * 2.0 ** (attrs[f"input{i}_shift"] - 31) * output for i in (0, 1)]
    sign = -1 if kernel == "sub_s8" else 1
    for shift in _SHIFTS:
        first, second = (round(ratio * 2.0**shift) for ratio in ratios)
        if (first + second) * 128 < 1 << 30:
            for i in _NEAR:
                for j in _NEAR:
                    yield Form(first + i, sign * (second + j), 0, shift)


def _addend(form: Form, pairs: list[np.ndarray], low: int, high: int) -> int | None:
    """The middle of the addends that are right for all pairs [a, b, wanted]; None where there is none."""
    a, b, want = pairs
    sums = a * form.first + b * form.second
    lowest = ((want << form.shift) - sums)[want > low].max(initial=-(1 << 40))
    highest = (((want + 1) << form.shift) - 1 - sums)[want < high].min(initial=1 << 40)
    addend = int(lowest + highest) >> 1
    fits = lowest <= highest and abs(sums).max() + abs(addend) < 1 << 31
    return addend if fits else None
