"""Calls arithmetic kernels with corrupted attributes; run by test_hostile_arithmetic under sanitisers.

Prints, for each kernel, how many calls its check refused and how many ran.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from micrort.errors import RuntimeStatusError
from micrort.ir import DType
from micrort.native import kernels
from micrort.operators.broadcast import broadcast_attrs
from micrort.operators.mean import reduction_attrs

WORDS = (0, 1, -1, 2, 3, 5, 15, 20, 30, 31, 32, -30, -31, -32, 63, 64, 127, 128, -127, -128, -129, 255, 256)
WORDS += (32767, 32768, -32768, 65535, 65536, 2**30 - 1, 2**30, 2**30 + 1, 2**31 - 1, -(2**31), -(2**31) + 1)
FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-40, 3e38, -3e38, float("inf"), float("-inf"), float("nan"))
NUMPY = {"s8": np.int8, "s16": np.int16, "s32": np.int32, "f32": np.float32}
SHAPE = (2, 5, 6, 3)
WINDOW = {"input_height": 5, "input_width": 6, "input_channels": 3, "output_height": 3, "output_width": 3}
WINDOW |= {"output_channels": 3, "kernel_height": 3, "kernel_width": 3, "stride_height": 2, "stride_width": 2}
WINDOW |= {"dilation_height": 1, "dilation_width": 1, "padding_top": 1, "padding_left": 0}
HALF = {"offset": 0, "multiplier": 2**31 - 1, "shift": -1}


@dataclass(frozen=True)
class Case:
    """A sound call: a kernel, its attributes, shapes of inputs and output."""

    kernel: str
    attrs: dict[str, int | float]
    inputs: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]
    suffix: str
    """Of the inputs' dtype."""
    output_suffix: str = ""
    sums: tuple[int, ...] = ()
    """Shape of an int32 output in front of it; none where empty."""

    def runs(self, attrs: dict[str, int | float], random: np.random.Generator) -> bool:
        """Whether the check accepts; then the kernel has run on random bytes, the ends of the range among them."""
        arrays = []
        for shape in self.inputs:
            raw = random.choice([0, 127, 128, 255, int(random.integers(256))], (*shape, 4)).astype(np.uint8)
            arrays.append(raw.reshape(-1).view(NUMPY[self.suffix])[: int(np.prod(shape))].reshape(shape))
        dtype = DType[(self.output_suffix or self.suffix).upper()]
        try:
            outputs = [(self.output, dtype)]
            kernels.call(self.kernel, attrs, arrays, [(self.sums, DType.S32), *outputs] if self.sums else outputs)
        except RuntimeStatusError as error:
            assert "_check" in str(error), error
            return False
        return True


def binary_cases() -> list[Case]:
    found = []
    for right in (SHAPE, (5, 1, 3)):
        shapes, repeats = (SHAPE, right), broadcast_attrs(SHAPE, right)
        clamp: dict[str, int | float] = {"activation_min": -100, "activation_max": 100}
        sum_attrs = {f"{side}_{name}": value for side in ("input0", "input1", "output") for name, value in HALF.items()}
        product = {"input0_offset": 0, "input1_offset": 0, "output_offset": 0, "multiplier": 2**30, "shift": -3}
        for suffix in NUMPY:
            quantised = suffix in ("s8", "s16")
            for name in ("add", "sub", "mul", "minimum", "maximum"):
                attrs: dict[str, int | float] = {} if name in ("minimum", "maximum") else clamp
                if quantised and name in ("add", "sub"):
                    attrs = {**sum_attrs, **clamp}
                elif quantised and name == "mul":
                    attrs = {**product, **clamp}
                found.append(Case(f"{name}_{suffix}", {**repeats, **attrs}, shapes, SHAPE, suffix))
    return found


def other_cases() -> list[Case]:
    found = []
    for suffix in ("s8", "s16", "f32"):
        attrs = {**WINDOW, "activation_min": -100, "activation_max": 100}
        pools = [f"{name}_pool2d_{suffix}" for name in ("average", "max")]
        found += [Case(name, attrs, (SHAPE,), (2, 3, 3, 3), suffix) for name in pools]
        scaling = {"input_offset": 0, "output_offset": 0, "multiplier": 2**30, "shift": -3}
        for axes, output in (({1, 2}, (2, 3)), ({0, 2, 3}, (5,))):
            attrs = {**reduction_attrs(SHAPE, axes), **({} if suffix == "f32" else scaling)}
            found.append(Case(f"mean_{suffix}", attrs, (SHAPE,), output, suffix))
    rows = {"rows": 5, "width": 6, "channels": 3, "pooled": 0, **scaling, "activation_min": -128, "activation_max": 127}
    found.append(Case("mean_rows_s8", rows, ((1, 5, 6, 3),), (1, 1, 1, 3), "s8", sums=(1, 5, 1, 3)))
    softmax = {"depth": 3, "multiplier": 2**30, "shift": 24, "diff_min": -15}
    found.append(Case("softmax_s8", softmax, (SHAPE,), SHAPE, "s8"))
    found.append(Case("softmax_s8_s16", softmax, (SHAPE,), SHAPE, "s8", "s16"))
    tables = ((513,), (513,))
    found.append(Case("softmax_s16", {"depth": 3, "multiplier": 2**30, "shift": 1}, (SHAPE, *tables), SHAPE, "s16"))
    found.append(Case("softmax_f32", {"depth": 3, "beta": 1.0}, (SHAPE,), SHAPE, "f32"))
    return found


def corrupted(attrs: dict[str, int | float], random: np.random.Generator) -> dict[str, int | float]:
    """One or two members changed, to an end of some range or by one; more often arithmetic than geometry."""
    changed = dict(attrs)
    names = list(attrs)
    late = len(names) // 2 if random.random() < 0.6 else 0
    for name in random.choice(names[late:], int(random.integers(1, 3))):
        old = changed[name]
        if isinstance(old, float):
            changed[name] = float(random.choice(FLOATS))
        elif random.random() < 0.3:
            changed[name] = int(np.clip(old + random.choice([-1, 1, old]), -(2**31), 2**31 - 1))
        else:
            changed[name] = int(random.choice(WORDS))
    return changed


def main(rounds: int) -> None:
    random = np.random.default_rng(1)
    for case in [*binary_cases(), *other_cases()]:
        assert case.runs(case.attrs, random)
        ran = sum(case.runs(corrupted(case.attrs, random), random) for _ in range(rounds))
        print(case.kernel, rounds - ran, ran)


if __name__ == "__main__":
    main(int(sys.argv[1]))
