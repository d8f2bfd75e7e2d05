"""Reads the attributes of operators that move elements; most stand in constant inputs."""

from __future__ import annotations

import math

from micrort.frontends.tflite.findings import BrokenError, RefusalError
from micrort.frontends.tflite.nodes import NodeReader
from micrort.operators.base import Operator
from micrort.operators.concatenation import Concatenation, Pack
from micrort.operators.pad import Pad
from micrort.operators.reshape import ExpandDims, Reshape, Squeeze
from micrort.operators.resize import ResizeNearest
from micrort.operators.split import Split, SplitV, Unpack
from micrort.operators.strided_slice import Slice, StridedSlice
from micrort.operators.transpose import Transpose


def concatenation(node: NodeReader) -> Operator:
    """CONCATENATION."""
    options = node.options("ConcatenationOptions")
    axis = node.axis(int(options["Axis"]), len(node.operands.input(0).shape))
    return Concatenation(axis, options.activation())


def pack(node: NodeReader) -> Operator:
    """PACK."""
    options = node.options("PackOptions")
    _check_count("ValuesCount", int(options["ValuesCount"]), len(node.operands.inputs))
    return Pack(node.axis(int(options["Axis"]), len(node.operands.input(0).shape) + 1))


def unpack(node: NodeReader) -> Operator:
    """UNPACK."""
    options = node.options("UnpackOptions")
    _check_count("Num", int(options["Num"]), len(node.operands.outputs))
    return Unpack(node.axis(int(options["Axis"]), len(node.operands.input(0).shape)))


def split(node: NodeReader) -> Operator:
    """SPLIT: axis, input."""
    parts = int(node.options("SplitOptions")["NumSplits"])
    _check_count("NumSplits", parts, len(node.operands.outputs))
    return Split(_one_axis(node, 0, len(node.operands.input(1).shape)))


def split_v(node: NodeReader) -> Operator:
    """SPLIT_V: input, sizes (of which one may be -1), axis."""
    axis = _one_axis(node, 2, len(node.operands.input(0).shape))
    sizes = node.integers(1, "sizes")
    _check_count("number of sizes", len(sizes), len(node.operands.outputs))
    for index, (size, output) in enumerate(zip(sizes, node.operands.outputs, strict=True)):
        made = output.shape[axis] if axis < len(output.shape) else None
        if size not in (-1, made):
            raise BrokenError(f"its size {index} is {size}, but output {index} has the shape {list(output.shape)}")
    return SplitV(axis)


def pad(node: NodeReader) -> Operator:
    """PAD and PADV2: input, paddings [rank, 2], and for PADV2 the value."""
    amounts = node.integers(1, "paddings")
    if len(amounts) != 2 * len(node.operands.input(0).shape):
        rank = len(node.operands.input(0).shape)
        raise BrokenError(f"it has {len(amounts)} amounts of padding for {rank} dimensions")
    return Pad(tuple(zip(amounts[0::2], amounts[1::2], strict=True)))


def reshape(node: NodeReader) -> Operator:
    """RESHAPE: the shape is input 1 or an option; one size may be -1."""
    if node.operands.optional(1) is not None:
        target = node.integers(1, "shape")
    else:
        target = node.options("ReshapeOptions", required=False).integers("NewShape")
        if not target:
            return Reshape()
    if target == (0,):  # how old converters write a scalar
        target = ()
    shape = node.operands.output.shape
    elements = node.operands.input(0).elements
    rest = math.prod(size for size in target if size != -1)
    if target.count(-1) == 1 and rest > 0 and elements % rest == 0:
        target = tuple(elements // rest if size == -1 else size for size in target)
    if target != shape:
        raise BrokenError(f"it reshapes to {list(target)}, but output 0 is declared as {list(shape)}")
    return Reshape()


def squeeze(node: NodeReader) -> Operator:
    """SQUEEZE: the named axes, or every axis of size 1."""
    shape = node.operands.input(0).shape
    named = node.options("SqueezeOptions", required=False).integers("SqueezeDims")
    dropped = {node.axis(axis, len(shape)) for axis in named} or {i for i, size in enumerate(shape) if size == 1}
    if any(shape[axis] != 1 for axis in dropped):
        raise BrokenError(f"it squeezes the axes {sorted(dropped)} of {list(shape)}")
    _check_output(node, tuple(size for axis, size in enumerate(shape) if axis not in dropped))
    return Squeeze()


def expand_dims(node: NodeReader) -> Operator:
    """EXPAND_DIMS: input, axis."""
    shape = node.operands.input(0).shape
    axis = _one_axis(node, 1, len(shape) + 1)
    _check_output(node, (*shape[:axis], 1, *shape[axis:]))
    return ExpandDims()


def transpose(node: NodeReader) -> Operator:
    """TRANSPOSE: input, permutation."""
    rank = len(node.operands.input(0).shape)
    return Transpose(tuple(node.axis(axis, rank, "permutation") for axis in node.integers(1, "permutation")))


def resize_nearest(node: NodeReader) -> Operator:
    """RESIZE_NEAREST_NEIGHBOR: input, [height, width]."""
    size = node.integers(1, "size")
    if node.operands.output.shape[1:3] != size:
        raise BrokenError(f"it resizes to {list(size)}, but output 0 is {list(node.operands.output.shape)}")
    options = node.options("ResizeNearestNeighborOptions", required=False)
    return ResizeNearest(bool(options["AlignCorners"]), bool(options["HalfPixelCenters"]))


def strided_slice(node: NodeReader) -> Operator:
    """STRIDED_SLICE: input, begin, end, strides; masks as options."""
    options = node.options("StridedSliceOptions")
    if options["Offset"]:
        raise RefusalError("ends that count from the beginnings", "ends that are indices", "convert without `offset`")
    return StridedSlice(
        node.integers(1, "begin"),
        node.integers(2, "end"),
        node.integers(3, "strides"),
        begin_mask=int(options["BeginMask"]),
        end_mask=int(options["EndMask"]),
        shrink_axis_mask=int(options["ShrinkAxisMask"]),
        ellipsis_mask=int(options["EllipsisMask"]),
        new_axis_mask=int(options["NewAxisMask"]),
    )


def slice_(node: NodeReader) -> Operator:
    """SLICE: input, begin, size."""
    return Slice(node.integers(1, "begin"), node.integers(2, "size"))


def _one_axis(node: NodeReader, index: int, rank: int) -> int:
    values = node.integers(index, "axis")
    if len(values) != 1:
        raise BrokenError(f"its input {index} (axis) has {len(values)} elements")
    return node.axis(values[0], rank)


def _check_count(what: str, stated: int, actual: int) -> None:
    if stated != actual:
        raise BrokenError(f"its {what} is {stated}, but it has {actual} such tensors")


def _check_output(node: NodeReader, shape: tuple[int, ...]) -> None:
    if node.operands.output.shape != shape:
        raise BrokenError(f"output 0 is declared as {list(node.operands.output.shape)}, but must be {list(shape)}")
