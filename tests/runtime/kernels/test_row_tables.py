"""Kernels that go through whole tensors as bytes refuse tensors whose rows are placed one by one."""

from __future__ import annotations

import numpy as np
import pytest
from tests.runtime.kernels.calls import ERR_ATTRIBUTE, OK, Call

from micrort.errors import RuntimeStatusError
from micrort.ir import DType
from micrort.native import kernels

ROWS = np.arange(24, dtype=np.int8).reshape(1, 3, 2, 4)
STRIDES = {f"stride_{axis}": stride for axis, stride in enumerate((0, 0, 0, 8, 4, 1))}
SIZES = {f"size_{axis}": size for axis, size in enumerate((1, 1, 1, 3, 2, 4))}


@pytest.mark.parametrize(
    ("kernel", "attrs", "inputs", "outputs"),
    [
        ("strided_copy", {"element_bytes": 1, "start": 0, **SIZES, **STRIDES}, 1, [(1, 3, 2, 4)]),
        ("copy", {"bytes": 24}, 1, [(1, 1, 1, 24)]),
        ("split", {"outer": 1}, 1, [(1, 1, 2, 4), (1, 2, 2, 4)]),
        ("concatenation", {"outer": 1}, 2, [(1, 6, 2, 4)]),
    ],
)
def test_whole_tensors_lie_at_one_stride(
    kernel: str, attrs: dict[str, int], inputs: int, outputs: list[tuple[int, ...]]
) -> None:
    arguments = (kernel, attrs, [ROWS] * inputs, [(shape, DType.S8) for shape in outputs])
    made = kernels.call(*arguments)
    assert b"".join(part.tobytes() for part in made) == ROWS.tobytes() * inputs
    with pytest.raises(RuntimeStatusError, match="check"):
        kernels.call(*arguments, scattered=1)


@pytest.mark.parametrize("tensor", [None, 0, 1, 2])
@pytest.mark.parametrize(("kernel", "parts"), [("concatenation", [2, 1]), ("split", [1, 2])])
def test_one_tensor_with_a_row_table_is_enough(kernel: str, parts: list[int], tensor: int | None) -> None:
    parted = [(rows, 8, DType.S8) for rows in parts]
    ends = [(3, 8, DType.S8)]
    call = Call(kernel, {"outer": 1}, *((parted, ends) if kernel == "concatenation" else (ends, parted)))
    if tensor is not None:
        call.give_row_table(tensor)
    assert call.check() == (OK if tensor is None else ERR_ATTRIBUTE)


def test_rows_are_joined_and_copied_wherever_they_lie() -> None:
    joined = [((1, 3, 2, 8), DType.S8)]
    (whole,) = kernels.call("concatenation", {"outer": 6}, [ROWS, ROWS], joined)
    (scattered,) = kernels.call("concatenation", {"outer": 6}, [ROWS, ROWS], joined, scattered=3)
    np.testing.assert_array_equal(scattered, whole)
    (copied,) = kernels.call("copy", {"bytes": 24}, [ROWS], [((1, 3, 2, 4), DType.S8)], scattered=3)
    np.testing.assert_array_equal(copied, ROWS)
