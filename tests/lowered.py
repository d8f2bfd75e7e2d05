"""Operators on arrays: lowered, run by the C kernels, and checked for what every kernel promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from micrort.ir import DType, InPlace, KernelCall, Operands, Quantisation, Tensor
from micrort.native import kernels
from micrort.operators.base import Operator

AT_ONE_STRIDE = ("strided_copy", "split", "concatenation", "copy")
"""Kernels that may go through whole tensors as bytes, and refuse others then."""


def tensor(
    name: str,
    shape: tuple[int, ...],
    dtype: DType,
    scale: float | None = None,
    zero_point: int = 0,
    data: np.ndarray | None = None,
) -> Tensor:
    """A tensor; `scale` None: not quantised. The scale is rounded to float32, as model files hold it."""
    quantisation = None if scale is None else Quantisation((float(np.float32(scale)),), (zero_point,))
    return Tensor(name, shape, dtype, quantisation, data)


@dataclass(frozen=True)
class Lowered:
    """An operator that became one kernel call, with the arrays to call it on."""

    call: KernelCall
    arrays: tuple[np.ndarray, ...]
    output: Tensor

    def run(
        self,
        rows: Sequence[tuple[int, int]] | None = None,
        in_place: InPlace | None = None,
        scattered: int | None = None,
    ) -> np.ndarray:
        """The output, in its shape."""
        made = [(self.output.shape, self.output.dtype)]
        (result,) = kernels.call(self.call.kernel, self.call.attrs, self.arrays, made, rows, in_place, scattered)
        return result

    def run_every_way(self) -> np.ndarray:
        """The output, proved equal row by row, in pieces, from the end, in place, and of scattered rows."""
        whole = self.run()
        if self.call.by_rows:
            count = self.output.rows
            single = [(row, row + 1) for row in range(count)]
            for pieces in (single, single[::-1], [(0, count // 2), (count // 2, count)]):
                np.testing.assert_array_equal(self.run(pieces), whole, strict=True)
        if self.call.kernel not in AT_ONE_STRIDE:
            for seed in range(2):
                np.testing.assert_array_equal(self.run(scattered=seed), whole, strict=True)
        for offer in self.call.in_place:
            np.testing.assert_array_equal(self.run(in_place=offer), whole, strict=True)
        return whole


def lower(operator: Operator, sources: Sequence[tuple[Tensor, np.ndarray]], output: Tensor) -> Lowered:
    """`operator` on tensors with their elements; breaks no constraint."""
    operands = Operands(tuple(source for source, _ in sources), (output,))
    assert operator.problems(operands) == []
    assert operator.output_shapes(operands) in (None, (output.shape,))
    lowering = operator.lower("node", operands)
    (call,) = lowering.calls
    known = {source.name: array for source, array in sources}
    known.update({constant.name: constant.data for constant in lowering.constants if constant.data is not None})
    return Lowered(call, tuple(known[name] for name in call.inputs), output)
