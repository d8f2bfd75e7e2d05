"""What is wrong with a model, collected until everything has been looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from micrort.errors import ModelError, Unsupported, UnsupportedError
from micrort.frontends.tflite.records import SourceModel, SourceOperator

_LISTED = 200
"""A file of noise has thousands of problems; nobody reads more than this many."""


class RefusalError(Exception):
    """Something sound that cannot be compiled: why, what is supported instead, what the user can do."""

    def __init__(self, reason: str, supported: str, suggestion: str) -> None:
        super().__init__(reason)
        self.reason, self.supported, self.suggestion = reason, supported, suggestion


class BrokenError(Exception):
    """An operator contradicts itself or its tensors; the text says how."""


@dataclass
class Findings:
    """Problems that make the model unusable, and nodes that cannot be compiled."""

    problems: list[str] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)

    def refuse(
        self, node: str, operator: str, model: SourceModel, tensors: Iterable[int], refusal: RefusalError
    ) -> None:
        """Note that node `node` cannot be compiled; `tensors` are the indices of its inputs and outputs."""
        shown = [tensor for index in tensors if (tensor := model.tensor(index)) is not None]
        self.unsupported.append(
            Unsupported(
                node=node,
                operator=operator,
                dtypes=tuple(tensor.dtype_name for tensor in shown),
                shapes=tuple(tensor.shown_shape for tensor in shown),
                reason=refusal.reason,
                supported=refusal.supported,
                suggestion=refusal.suggestion,
            )
        )

    def refuse_operator(self, node: str, model: SourceModel, operator: SourceOperator, refusal: RefusalError) -> None:
        """Note that `operator`, which is node `node`, cannot be compiled."""
        self.refuse(node, operator.name, model, (*operator.inputs, *operator.outputs), refusal)

    def raise_any(self, source: str) -> None:
        """Raise what was found, if anything.

        Raises:
            ModelError: the model is broken; unsupported nodes are listed behind the problems.
            UnsupportedError: it is sound, but has unsupported nodes.
        """
        if self.problems:
            lines = list(dict.fromkeys((*self.problems, *map(str, self.unsupported))))
            left = len(lines) - _LISTED
            raise ModelError(source, [*lines[:_LISTED], *([f"and {left} more"] if left > 0 else [])])
        if self.unsupported:
            raise UnsupportedError(source, self.unsupported)
