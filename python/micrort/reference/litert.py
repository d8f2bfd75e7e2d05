"""LiteRT as the reference, operator by operator.

The contract is what TensorFlow Lite Micro gives on the target. LiteRT's reference kernels (BUILTIN_REF) agree with it
except in quantised FULLY_CONNECTED, where they round once and the target twice; the optimised kernels come closer,
but differ, too (by 1, in about one of 1,400 outputs of the MLPerf Tiny autoencoder). So every operator is run by
itself on the reference's own intermediate values, and quantised FULLY_CONNECTED is recomputed in exact integers; the
optimised kernels' answer must then lie within 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from micrort.errors import InternalError, MicrortError
from micrort.reference.flatbuffer_patch import single_operator


class ReferenceRefusedError(MicrortError):
    """LiteRT does not run an operator that micrort does."""


@dataclass(frozen=True)
class OperatorInfo:
    """One operator of the model's main subgraph; tensors by index."""

    index: int
    name: str
    inputs: tuple[int, ...]
    """Indices; -1 for an optional input that is left out."""
    outputs: tuple[int, ...]


class LiteRTReference:
    """Runs a .tflite model (its bytes) operator by operator. It must be one that the frontend accepts."""

    def __init__(self, model: bytes) -> None:
        self._model = model
        self._interpreters: dict[int, Any] = {}

    @cached_property
    def _subgraph(self) -> Any:
        import tflite

        return tflite.Model.GetRootAsModel(self._model, 0).Subgraphs(0)

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """Tensor indices of the model's inputs."""
        return tuple(int(self._subgraph.Inputs(i)) for i in range(self._subgraph.InputsLength()))

    @cached_property
    def outputs(self) -> tuple[int, ...]:
        """Tensor indices of the model's outputs."""
        return tuple(int(self._subgraph.Outputs(i)) for i in range(self._subgraph.OutputsLength()))

    @cached_property
    def operators(self) -> tuple[OperatorInfo, ...]:
        """The operators in execution order."""
        import tflite

        model = tflite.Model.GetRootAsModel(self._model, 0)
        names = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
        found = []
        for index in range(self._subgraph.OperatorsLength()):
            operator = self._subgraph.Operators(index)
            code = model.OperatorCodes(operator.OpcodeIndex())
            number = max(int(code.BuiltinCode()), int(code.DeprecatedBuiltinCode()))
            inputs = tuple(int(operator.Inputs(i)) for i in range(operator.InputsLength()))
            outputs = tuple(int(operator.Outputs(i)) for i in range(operator.OutputsLength()))
            found.append(OperatorInfo(index, names[number], inputs, outputs))
        return tuple(found)

    def run(self, inputs: Mapping[int, np.ndarray]) -> Iterator[tuple[OperatorInfo, dict[int, np.ndarray]]]:
        """Run all operators on `inputs` (tensor index -> array); yields each with its outputs.

        Raises:
            ReferenceRefusedError: LiteRT refuses an operator.
        """
        values = dict(inputs)
        for operator in self.operators:
            outputs = self.run_operator(operator, values)
            values.update(outputs)
            yield operator, outputs

    def run_operator(self, operator: OperatorInfo, values: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
        """The outputs of one operator for the activations in `values` (by tensor index)."""
        interpreter = self._interpreter(operator)
        for index in self._activations(operator):
            interpreter.set_tensor(index, values[index])
        interpreter.invoke()
        outputs = {index: np.array(interpreter.get_tensor(index)) for index in operator.outputs}
        if self._is_quantised_fully_connected(operator):
            index = operator.outputs[0]
            exact = self._exact_fully_connected(operator, interpreter, values).reshape(outputs[index].shape)
            if np.abs(exact.astype(np.int64) - outputs[index]).max(initial=0) > 1:
                raise InternalError(
                    "reference", f"operator {operator.index}: exact sums and LiteRT's are more than 1 apart"
                )
            outputs[index] = exact
        return outputs

    def _activations(self, operator: OperatorInfo) -> list[int]:
        known = set(self.inputs).union(*(item.outputs for item in self.operators))
        return list(dict.fromkeys(index for index in operator.inputs if index in known))

    def _interpreter(self, operator: OperatorInfo) -> Any:
        if operator.index not in self._interpreters:
            from ai_edge_litert.interpreter import Interpreter, OpResolverType

            optimised = self._is_quantised_fully_connected(operator)
            resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if optimised else OpResolverType.BUILTIN_REF
            content = single_operator(self._model, operator.index, self._activations(operator), operator.outputs)
            try:
                interpreter = Interpreter(model_content=content, experimental_op_resolver_type=resolver)
                interpreter.allocate_tensors()
            except (RuntimeError, ValueError) as error:
                raise ReferenceRefusedError(
                    f"LiteRT refuses operator {operator.index} ({operator.name}): {error}"
                ) from error
            self._interpreters[operator.index] = interpreter
        return self._interpreters[operator.index]

    def _is_quantised_fully_connected(self, operator: OperatorInfo) -> bool:
        import tflite

        if operator.name != "FULLY_CONNECTED":
            return False
        return bool(self._subgraph.Tensors(operator.inputs[0]).Type() != tflite.TensorType.FLOAT32)

    def _exact_fully_connected(
        self, operator: OperatorInfo, interpreter: Any, values: Mapping[int, np.ndarray]
    ) -> np.ndarray:
        from micrort.operators.quantise import quantise_multiplier

        details = {item["index"]: item for item in interpreter.get_tensor_details()}
        source, weights, output = operator.inputs[0], operator.inputs[1], operator.outputs[0]
        (scale_in, zero_in), (scale_out, zero_out) = (details[i]["quantization"] for i in (source, output))
        matrix = self._value(interpreter, weights, values).astype(np.int64)
        rows = values[source].astype(np.int64).reshape(-1, matrix.shape[1]) - zero_in
        sums = rows @ matrix.T
        if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
            sums = sums + self._value(interpreter, operator.inputs[2], values).astype(np.int64)
        limits = np.iinfo(details[output]["dtype"])
        scales = details[weights]["quantization_parameters"]["scales"]
        columns = []
        for column, scale in zip(sums.T, np.broadcast_to(scales, sums.shape[1]), strict=True):
            multiplier, shift = quantise_multiplier(float(scale_in) * float(scale) / float(scale_out))
            columns.append([_requantise(int(value), multiplier, shift) + zero_out for value in column])
        low, high = self._activation_range(operator, float(scale_out), int(zero_out), limits)
        limited: np.ndarray = np.clip(np.array(columns).T, low, high).astype(details[output]["dtype"])
        return limited

    def _activation_range(
        self, operator: OperatorInfo, scale: float, zero_point: int, limits: np.iinfo[Any]
    ) -> tuple[int, int]:
        import tflite

        options = tflite.FullyConnectedOptions()
        table = self._subgraph.Operators(operator.index).BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        bounds = {1: (0.0, None), 2: (-1.0, 1.0), 3: (0.0, 6.0)}.get(options.FusedActivationFunction(), (None, None))
        low, high = (None if real is None else zero_point + round(real / scale) for real in bounds)
        lowest, highest = int(limits.min), int(limits.max)
        return max(lowest, lowest if low is None else low), min(highest, highest if high is None else high)

    def _value(self, interpreter: Any, index: int, values: Mapping[int, np.ndarray]) -> np.ndarray:
        return values[index] if index in values else np.asarray(interpreter.get_tensor(index))


def _requantise(value: int, multiplier: int, shift: int) -> int:
    """TensorFlow Lite Micro's double rounding, in exact integers (gemmlowp fixedpoint.h)."""
    product = (value << max(shift, 0)) * multiplier
    nudge = (1 << 30) if product >= 0 else 1 - (1 << 30)
    high = abs(product + nudge) // (1 << 31) * (1 if product + nudge >= 0 else -1)
    exponent = max(-shift, 0)
    mask = (1 << exponent) - 1
    return (high >> exponent) + (1 if (high & mask) > (mask >> 1) + (1 if high < 0 else 0) else 0)
