"""Source tensors → ir.Tensor, with everything about a tensor that can be wrong or out of reach."""

from __future__ import annotations

import bisect
import math

import numpy as np

from micrort.frontends.tflite.findings import BrokenError, RefusalError
from micrort.frontends.tflite.records import SourceModel, SourceQuantisation, SourceTensor, tensor_types
from micrort.ir import DType, Quantisation, Tensor
from micrort.operators.quantise import INTEGER_RANGE

DTYPES = {
    "FLOAT32": DType.F32,
    "INT8": DType.S8,
    "UINT8": DType.U8,
    "INT16": DType.S16,
    "INT32": DType.S32,
    "INT64": DType.S64,
    "BOOL": DType.BOOL,
    "UINT32": DType.U32,
}

RANK_MAX = 6
ROWS_MAX = 65535
BYTES_MAX = 2**31 - 1
"""Limits of the runtime's tables: include/micrort/tensor.h."""


def read_tensor(model: SourceModel, source: SourceTensor, name: str) -> Tensor:
    """The tensor, checked.

    Raises:
        BrokenError: it contradicts itself or points at missing bytes.
        RefusalError: it is sound, but cannot be compiled.
    """
    _check_type(source)
    _check_shape(source)
    dtype = DTYPES[tensor_types()[source.type]]
    quantisation = _quantisation(source, dtype)
    tensor = Tensor(name, source.shape, dtype, quantisation, _data(model, source, dtype))
    if tensor.bytes > BYTES_MAX or tensor.rows > ROWS_MAX:
        raise RefusalError(
            f"tensor '{name}' has {tensor.bytes} bytes in {tensor.rows} rows",
            f"tensors of at most {BYTES_MAX} bytes and {ROWS_MAX} rows (all dimensions but the last two)",
            "shrink the model's input",
        )
    return tensor


def unique_names(model: SourceModel) -> list[str]:
    """A name for each tensor: the file's own, with the index added where it is missing or taken."""
    taken: set[str] = set()
    names = []
    for index, tensor in enumerate(model.tensors):
        name = (tensor.name if tensor is not None else "") or f"tensor_{index}"
        while name in taken:
            name = f"{name}:{index}"
        taken.add(name)
        names.append(name)
    return names


def unique_node_names(model: SourceModel, tensor_names: list[str]) -> list[str]:
    """A name for each operator: that of its first output, up to a semicolon, with which converters join names.

    No tensor's name continues a node's name with a slash: that is how lowering names what it adds to a node.
    """
    ordered = sorted(tensor_names)
    taken: set[str] = set()
    names = []
    for index, operator in enumerate(model.operators):
        outputs = operator.outputs if operator is not None else ()
        first = outputs[0] if outputs and 0 <= outputs[0] < len(tensor_names) else None
        name = f"operator_{index}" if first is None else tensor_names[first].split(";")[0]
        while name in taken or _continued(name, ordered):
            name = f"{name}:{index}"
        taken.add(name)
        names.append(name)
    return names


def _continued(name: str, ordered: list[str]) -> bool:
    """Whether one of the sorted names `ordered` starts with `name` and a slash."""
    place = bisect.bisect_left(ordered, f"{name}/")
    return place < len(ordered) and ordered[place].startswith(f"{name}/")


def _check_type(source: SourceTensor) -> None:
    name = tensor_types().get(source.type)
    if name is None:
        raise BrokenError(f"{source} has the unknown element type {source.type}")
    types = ", ".join(dtype.value for dtype in DTYPES.values())
    if name not in DTYPES:
        raise RefusalError(
            f"tensor '{source.name}' has elements of type {name.lower()}",
            types,
            "convert with full int8 quantisation, or keep the model in float32",
        )
    if source.sparse:
        raise RefusalError(
            f"tensor '{source.name}' is stored sparse", "dense tensors", "convert without sparse encoding"
        )
    if source.variable:
        raise RefusalError(
            f"tensor '{source.name}' is a variable that keeps its value between inferences",
            "models without state",
            "pass the state as an input and return it as an output",
        )


def _check_shape(source: SourceTensor) -> None:
    if source.signature and len(source.signature) != len(source.shape):
        raise BrokenError(f"{source} has shape {list(source.shape)}, but shape signature {list(source.signature)}")
    for axis, (size, stated) in enumerate(zip(source.shape, source.signature, strict=False)):
        # A batch of -1 is how converters write "any"; the shape then holds the batch size to compile for.
        if stated not in (size, -1):
            raise BrokenError(f"{source}: dimension {axis} is {size} in the shape, {stated} in the shape signature")
    if any(size < -1 for size in source.shape):
        raise BrokenError(f"{source} has shape {list(source.shape)}")
    if any(size < 1 for size in source.shown_shape):
        raise RefusalError(
            f"tensor '{source.name}' has the dynamic shape {list(source.shown_shape)}",
            "static shapes; only the batch may be left open, and is then taken as the shape field says",
            "export again with a fixed input shape, e.g. tf.TensorSpec([1, 49, 10, 1]), batch size included",
        )
    if len(source.shape) > RANK_MAX:
        raise RefusalError(
            f"tensor '{source.name}' has {len(source.shape)} dimensions",
            f"up to {RANK_MAX} dimensions",
            "reshape to fewer dimensions",
        )


def _quantisation(source: SourceTensor, dtype: DType) -> Quantisation | None:
    stated = source.quantisation
    if stated is not None and stated.custom:
        raise RefusalError(
            f"tensor '{source.name}' has a custom quantisation scheme",
            "affine quantisation: scale and zero point",
            "convert with the standard quantisation of TensorFlow Lite",
        )
    if stated is None or not stated.scales or dtype in (DType.F32, DType.BOOL):
        return None
    scales, zero_points = stated.scales, stated.zero_points or (0,)
    if not all(scale > 0 and math.isfinite(scale) for scale in scales):
        wrong = next(scale for scale in scales if not (scale > 0 and math.isfinite(scale)))
        raise BrokenError(f"{source} has the scale {wrong}; scales are positive and finite")
    if len(zero_points) == 1:
        zero_points *= len(scales)
    if len(zero_points) != len(scales):
        raise BrokenError(f"{source} has {len(scales)} scales, but {len(zero_points)} zero points")
    low, high = INTEGER_RANGE.get(dtype, (0, 0))
    wrong_points = [point for point in zero_points if not low <= point <= high]
    if wrong_points:
        raise BrokenError(f"{source} has the zero point {wrong_points[0]}; {dtype.value} holds {low}..{high}")
    return Quantisation(scales, zero_points, _axis(source, stated))


def _axis(source: SourceTensor, stated: SourceQuantisation) -> int | None:
    if len(stated.scales) == 1:
        return None
    # A vector has one only, whichever is stated: converters of 2019 and 2020 state the filter's for a bias.
    axis = 0 if len(source.shape) == 1 else stated.axis
    if not 0 <= axis < len(source.shape):
        raise BrokenError(f"{source} is quantised along dimension {axis}, but has {len(source.shape)}")
    if len(stated.scales) != source.shape[axis]:
        size = source.shape[axis]
        raise BrokenError(f"{source} has {len(stated.scales)} scales for {size} channels (dimension {axis})")
    return axis


def _data(model: SourceModel, source: SourceTensor, dtype: DType) -> np.ndarray | None:
    """The elements of a constant; a read-only view of the file's bytes."""
    if source.buffer >= len(model.buffers):
        raise BrokenError(f"{source} has its bytes in buffer {source.buffer}, but the file has {len(model.buffers)}")
    buffer = model.buffers[source.buffer]
    if buffer is None:
        raise BrokenError(f"{source} has its bytes in buffer {source.buffer}, which is damaged")
    if buffer.external:
        raise RefusalError(
            f"tensor '{source.name}' has its bytes behind the flatbuffer",
            "constants inside the flatbuffer (models below 2 GB)",
            "convert without external buffers",
        )
    if len(buffer.data) == 0:
        return None
    needed = math.prod(source.shape) * dtype.bytes
    if len(buffer.data) != needed:
        raise BrokenError(
            f"{source} needs {needed} bytes ({dtype.value}{list(source.shape)}), "
            f"but buffer {source.buffer} has {len(buffer.data)}"
        )
    return np.frombuffer(buffer.data, dtype.numpy).reshape(source.shape)
