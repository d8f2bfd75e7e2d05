"""Writes .tflite models for tests: any operator, any tensor, through the schema's own object API.

```python
model = ModelBuilder()
x = model.input("x", (1, 8, 8, 3), "int8", scale=0.5, zero_point=-3)
w = model.constant("w", weights, scale=[0.1, 0.2], axis=0)
b = model.constant("b", bias, scale=[0.05, 0.1], axis=0)
y = model.tensor("y", (1, 8, 8, 2), "int8", scale=0.25)
model.operator("CONV_2D", [x, w, b], [y], padding="SAME", strideW=1, strideH=1, fusedActivationFunction="RELU")
data = model.build(outputs=[y])
(result,) = litert(data, [array], "ref")
```

Options carry the schema's field names (lowerCamel). Enumerations may be given by name: padding, activation and
types.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

RESOLVERS = {
    "ref": OpResolverType.BUILTIN_REF,
    "opt": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    "default": OpResolverType.AUTO,
}
"""LiteRT's kernels: reference C++, optimised, and optimised with the XNNPACK delegate."""

# Operators whose options are not called like themselves. None: the operator has no options table.
_OPTIONS = {
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
}

_OPTIONS |= {name: "ReducerOptions" for name in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD")}

_ENUMS = {
    "padding": schema.Padding,
    "fusedActivationFunction": schema.ActivationFunctionType,
    "mode": schema.MirrorPadMode,
    "weightsFormat": schema.FullyConnectedOptionsWeightsFormat,
    "inDataType": schema.TensorType,
    "outDataType": schema.TensorType,
    "outType": schema.TensorType,
    "quantizedBiasType": schema.TensorType,
}

_CLASSES = {
    name.removesuffix("Options").upper(): name for name in vars(schema.BuiltinOptions) if name.endswith("Options")
}


class ModelBuilder:
    """One model with one subgraph. Tensors are named by the index that the methods return."""

    def __init__(self, name: str = "main") -> None:
        self.name = name
        self._tensors: list[Any] = []
        self._buffers: list[Any] = [schema.BufferT()]  # buffer 0 is empty by convention
        self._codes: list[Any] = []
        self._operators: list[Any] = []
        self._inputs: list[int] = []

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str,
        scale: float | Sequence[float] | None = None,
        zero_point: int | Sequence[int] = 0,
        axis: int = 0,
        **fields: Any,
    ) -> int:
        """An activation tensor; `scale` None: not quantised; a sequence: per-channel along `axis`.

        `fields` set further members of TensorT, e.g. `isVariable=True`, `shapeSignature=[-1, 4]`.
        """
        tensor = schema.TensorT()
        tensor.name = name.encode()
        tensor.shape = np.asarray(shape, np.int32)
        tensor.hasRank = True
        tensor.type = getattr(schema.TensorType, dtype.upper())
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            quantisation = schema.QuantizationParametersT()
            quantisation.scale = scales
            quantisation.zeroPoint = np.broadcast_to(np.asarray(zero_point, np.int64), scales.shape).copy()
            quantisation.quantizedDimension = axis
            tensor.quantization = quantisation
        for field, value in fields.items():
            assert hasattr(tensor, field), field
            setattr(tensor, field, value)
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def input(self, name: str, shape: Sequence[int], dtype: str, **quantisation: Any) -> int:
        """A tensor that is an input of the model."""
        index = self.tensor(name, shape, dtype, **quantisation)
        self._inputs.append(index)
        return index

    def constant(self, name: str, data: np.ndarray, **quantisation: Any) -> int:
        """A tensor with elements; its dtype and shape are those of `data`."""
        data = np.ascontiguousarray(data).reshape(np.shape(data))
        index = self.tensor(name, data.shape, data.dtype.name, **quantisation)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data.astype(data.dtype.newbyteorder("<")).tobytes(), np.uint8)
        self._buffers.append(buffer)
        self._tensors[index].buffer = len(self._buffers) - 1
        return index

    def operator(
        self, name: str, inputs: Sequence[int], outputs: Sequence[int], version: int | None = None, **options: Any
    ) -> None:
        """One operator; an input of -1 is an optional input that is left out. Operators run in this order."""
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(name, version)
        operator.inputs = np.asarray(inputs, np.int32)
        operator.outputs = np.asarray(outputs, np.int32)
        table = _OPTIONS.get(name, _CLASSES.get(name.replace("_", "")))
        if table is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, table)
            operator.builtinOptions = _options(table, options)
        elif options:
            raise ValueError(f"{name} has no options")
        self._operators.append(operator)

    def build(self, outputs: Sequence[int], description: str = "made by a test") -> bytes:
        """The model as the bytes of a .tflite file."""
        graph = schema.SubGraphT()
        graph.name = self.name.encode()
        graph.tensors = self._tensors
        graph.inputs = np.asarray(self._inputs, np.int32)
        graph.outputs = np.asarray(outputs, np.int32)
        graph.operators = self._operators
        model = schema.ModelT()
        model.version = 3
        model.description = description.encode()
        model.operatorCodes = self._codes
        model.subgraphs = [graph]
        model.buffers = self._buffers
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _code(self, name: str, version: int | None) -> int:
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        # The newest version takes every dtype; what a runtime does depends on the tensors alone.
        code.version = _VERSIONS.get(name, 1) if version is None else version
        for index, known in enumerate(self._codes):
            if (known.builtinCode, known.version) == (code.builtinCode, code.version):
                return index
        self._codes.append(code)
        return len(self._codes) - 1


_VERSIONS = {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 6, "FULLY_CONNECTED": 9}


def _options(table: str, values: dict[str, Any]) -> Any:
    options = getattr(schema, f"{table}T")()
    for field, value in values.items():
        if not hasattr(options, field):
            raise ValueError(f"{table} has no field {field}: {', '.join(vars(options))}")
        setattr(options, field, getattr(_ENUMS[field], value.upper()) if isinstance(value, str) else value)
    return options


def litert(model: bytes | Path, inputs: Sequence[np.ndarray], resolver: str = "ref") -> list[np.ndarray]:
    """All outputs of `model` on `inputs`, in order, as LiteRT's kernels of `resolver` (RESOLVERS) give them."""
    content = model.read_bytes() if isinstance(model, Path) else model
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=RESOLVERS[resolver], num_threads=1)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]).copy() for detail in interpreter.get_output_details()]


def lcg_inputs(seed: int, shapes: Sequence[tuple[tuple[int, ...], str]]) -> list[np.ndarray]:
    """Inputs of (shape, dtype) filled by the generator that the command line calls `lcg:SEED`."""
    state = seed
    arrays = []
    for shape, name in shapes:
        dtype = np.dtype(name)
        count = int(np.prod(shape, dtype=np.int64))
        size = count * (1 if dtype.kind == "f" else dtype.itemsize)
        raw = bytearray()
        for _ in range(size):
            state = (state * 1664525 + 1013904223) % 2**32
            raw.append(state >> 24)
        if dtype.kind == "f":
            array = (np.frombuffer(raw, np.int8).astype(np.float32) / np.float32(128)).astype(dtype)
        elif dtype.kind == "b":
            array = (np.frombuffer(raw, np.uint8) & 1).astype(bool)
        else:
            array = np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype)
        arrays.append(array.reshape(shape))
    return arrays
