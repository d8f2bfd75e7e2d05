"""Calls kernels with weights with corrupted attributes and tensors; run by test_product_checks under sanitisers.

Prints, for each kernel, how many calls its check refused and how many ran.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import fields, replace

import numpy as np
from tests.runtime.kernels.products import Call, Descriptor, sound_calls

WORDS = (0, 1, -1, 2, 3, 4, 5, 6, 7, 8, 12, 20, 24, 30, 31, 32, 60, -31, -32, 64, 127, 128, -127, -128, -129, 255)
WORDS += (32767, 32768, -32768, 65535, 65536, 2**30, 2**31 - 1, -(2**31), -(2**31) + 1)
FLOATS = (0.0, 1e-40, 3e38, -3e38, float("inf"), float("-inf"), float("nan"))
SHIFTS = (-33, -32, -31, -1, 0, 1, 7, 8, 30, 31, 32, 2**31 - 1, -(2**31))
LARGEST = 1 << 18
"""Bytes of a tensor that is worth laying out."""


def corrupted(call: Call, random: np.random.Generator) -> Call:
    """The call with one to three changes that often fit one another."""
    for _ in range(int(random.integers(1, 4))):
        kind = int(random.integers(8))
        if kind < 5:
            name = str(random.choice(list(call.attrs)))
            old = call.attrs[name]
            is_float = call.kernel.endswith("f32") and name.startswith("activation")
            near = (old + 1, old - 1, old * 2, old // 2)
            choices = FLOATS if is_float else (*WORDS, *(word for word in near if abs(word) < 2**31))
            call = call.with_attrs(**{name: choices[int(random.integers(len(choices)))]})
        elif kind == 5 and call.shifts:
            shifts = list(call.shifts)
            shifts[int(random.integers(len(shifts)))] = int(random.choice(SHIFTS))
            call = replace(call, shifts=tuple(shifts))
        else:
            call = changed_tensor(call, random)
    return call


def changed_tensor(call: Call, random: np.random.Generator) -> Call:
    """The call with another dtype, other rows or bytes of a tensor."""
    index = int(random.integers(len(call.tensors)))
    old = call.tensors[index]
    options: tuple[Descriptor, ...] = (
        replace(old, dtype=int(random.integers(9))),
        replace(old, rows=old.rows * 2),
        replace(old, rows=1, row_bytes=old.rows * old.row_bytes),
        replace(old, row_bytes=old.row_bytes * 2),
        replace(old, row_bytes=max(1, old.row_bytes // 2)),
        replace(old, row_bytes=old.row_bytes + 1),
        replace(old, rows=old.rows + 1),
    )
    chosen = options[int(random.integers(len(options)))]
    return call.with_tensor(index, **{item.name: getattr(chosen, item.name) for item in fields(chosen)})


def main(rounds: int) -> None:
    """Try `rounds` corruptions of each sound call."""
    counts: Counter[tuple[str, bool]] = Counter()
    for number, call in enumerate(sound_calls()):
        random = np.random.default_rng(number)
        for _ in range(rounds):
            broken = corrupted(call, random)
            if max(tensor.rows * tensor.row_bytes for tensor in broken.tensors) > LARGEST:
                continue
            accepted = broken.is_accepted()
            counts[call.kernel, accepted] += 1
            if accepted:
                broken.run(random)
    for kernel in sorted({kernel for kernel, _ in counts}):
        print(kernel, counts[kernel, False], counts[kernel, True])


if __name__ == "__main__":
    main(int(sys.argv[1]))
