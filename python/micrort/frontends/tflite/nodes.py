"""One operator of the file as the functions of `table` see it: options by field, attributes given as constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from micrort.frontends.tflite.decode import READ_ERRORS
from micrort.frontends.tflite.findings import BrokenError, RefusalError
from micrort.frontends.tflite.records import SourceOperator, builtin_options
from micrort.ir import DType, Operands, Tensor
from micrort.operators.quantise import Activation
from micrort.operators.window import Padding

_ACTIVATIONS = {0: Activation.NONE, 1: Activation.RELU, 2: Activation.RELU_N1_TO_1, 3: Activation.RELU6}
_FOREIGN_ACTIVATIONS = {4: "TANH", 5: "SIGN_BIT"}
_PADDINGS = {0: Padding.SAME, 1: Padding.VALID}
_ATTRIBUTE_ELEMENTS_MAX = 1024
"""Elements of a tensor that holds attributes: a handful per dimension."""
_VECTOR_MAX = 8
_FACTOR_MAX = 2.0**32


class Options:
    """The options table of one operator; every field is read under guard."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __getitem__(self, field: str) -> Any:
        """The field of that name (the schema's, in UpperCamel); its default where the file leaves it out."""
        try:
            return getattr(self._table, field)()
        except READ_ERRORS as error:
            raise BrokenError(f"its option {field} cannot be read") from error

    def positive(self, field: str) -> int:
        """A field that must be at least 1."""
        value = int(self[field])
        if value < 1:
            raise BrokenError(f"its option {field} is {value}; at least 1 is required")
        return value

    def number(self, field: str) -> float:
        """A factor: finite, and not so large that scales times it overflow."""
        value = float(self[field])
        if not abs(value) <= _FACTOR_MAX:
            raise BrokenError(f"its option {field} is {value}")
        return value

    def integers(self, field: str) -> tuple[int, ...]:
        """A vector of at most one number per dimension."""
        length = self[f"{field}Length"]
        if length > _VECTOR_MAX:
            raise BrokenError(f"its option {field} has {length} elements")
        return tuple(int(value) for value in self[f"{field}AsNumpy"]) if length else ()

    def activation(self) -> Activation:
        """The fused activation."""
        value = int(self["FusedActivationFunction"])
        if value in _FOREIGN_ACTIVATIONS:
            raise RefusalError(
                f"fused activation {_FOREIGN_ACTIVATIONS[value]}",
                "fused activations " + ", ".join(item.name for item in _ACTIVATIONS.values()),
                "use the activation as an operator of its own",
            )
        if value not in _ACTIVATIONS:
            raise BrokenError(f"its fused activation is {value}, which does not exist")
        return _ACTIVATIONS[value]

    def padding(self) -> Padding:
        """The padding scheme."""
        value = int(self["Padding"])
        if value not in _PADDINGS:
            raise BrokenError(f"its padding is {value}, which does not exist")
        return _PADDINGS[value]


@dataclass(frozen=True)
class NodeReader:
    """An operator with its tensors."""

    source: SourceOperator
    operands: Operands

    def options(self, kind: str, *, required: bool = True) -> Options:
        """The options table, which must be of type `kind`, e.g. `Conv2DOptions`.

        Where it is absent and not `required`, every field has its default.

        Raises:
            BrokenError: another type of options, or none.
        """
        import tflite

        stated = builtin_options().get(self.source.options_type, f"type {self.source.options_type}")
        absent = stated == "NONE" or self.source.options is None
        if not absent and stated != kind:
            raise BrokenError(f"it carries {stated} instead of {kind}")
        if absent and required:
            raise BrokenError(f"it carries no {kind}")
        table = getattr(tflite, kind)()
        if absent:
            table.Init(_EMPTY_TABLE, 4)
        else:
            table.Init(self.source.options.Bytes, self.source.options.Pos)
        return Options(table)

    def constant(self, index: int, meaning: str) -> Tensor:
        """Input `index`, which must be a constant; `meaning` says what it holds, e.g. `paddings`."""
        tensor = self.operands.optional(index)
        if tensor is None:
            raise BrokenError(f"its input {index} ({meaning}) is missing")
        if tensor.data is None:
            raise RefusalError(
                f"input {index} ({meaning}) is not constant",
                f"constant {meaning}",
                f"compute the {meaning} before exporting, e.g. with a fixed input shape",
            )
        return tensor

    def integers(self, index: int, meaning: str) -> tuple[int, ...]:
        """The elements of a constant int32 or int64 input of rank 0 or 1, in order."""
        tensor = self.constant(index, meaning)
        if tensor.dtype not in (DType.S32, DType.S64):
            raise BrokenError(f"its input {index} ({meaning}) has type {tensor.dtype.value} instead of int32")
        if tensor.elements > _ATTRIBUTE_ELEMENTS_MAX:
            raise BrokenError(f"its input {index} ({meaning}) has {tensor.elements} elements")
        assert tensor.data is not None
        return tuple(int(value) for value in tensor.data.reshape(-1))

    def axis(self, value: int, rank: int, meaning: str = "axis") -> int:
        """A dimension 0..rank-1 of a stated one, which may count from the end."""
        if not -rank <= value < rank:
            raise BrokenError(f"its {meaning} is {value}, but the tensor has {rank} dimensions")
        return value % rank


_EMPTY_TABLE = b"\x04\x00\x04\x00" + b"\x04\x00\x00\x00"
"""A vtable without fields, then a table that points back at it: every option has its default."""
