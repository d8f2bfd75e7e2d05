"""BuiltinOperator → operator: one row each, with a small function that reads the attributes.

Rows hold what belongs to the file format: how many inputs, which options. What can be compiled is said by the
constraints of the operator's class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from micrort.frontends.tflite.nodes import NodeReader
from micrort.operators.base import Operator
from micrort.operators.conv2d import Conv2D

MANY = 255
"""No limit but the runtime's on the number of inputs or outputs."""


@dataclass(frozen=True)
class Row:
    """How one operator of the format is read."""

    operator: type[Operator]
    read: Callable[[NodeReader], Operator]
    inputs: tuple[int, int]
    """Fewest and most inputs; those beyond the fewest are optional and may be left out."""
    outputs: tuple[int, int] = (1, 1)
    channel_axis: int | None = None
    """The dimension of input 1 (weights) that may be quantised per channel; None: per-tensor only."""


def _conv2d(node: NodeReader) -> Operator:
    options = node.options("Conv2DOptions")
    return Conv2D(
        stride=(options.positive("StrideH"), options.positive("StrideW")),
        dilation=(options.positive("DilationHFactor"), options.positive("DilationWFactor")),
        padding=options.padding(),
        activation=options.activation(),
    )


ROWS: dict[str, Row] = {
    "CONV_2D": Row(Conv2D, _conv2d, inputs=(2, 3), channel_axis=0),
}
"""By the name in the schema's BuiltinOperator."""
