"""What an operator is: semantics as a frozen dataclass of attributes, legality as small functions, and a lowering.

One file per operator (or per family that differs in a name only). A frontend makes operators, passes rewrite
them, and `lower` turns each into calls of kernels in runtime/kernels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from micrort.ir import KernelCall, Operands, Tensor


@dataclass(frozen=True)
class Problem:
    """Why an operator cannot be compiled on these operands."""

    reason: str
    supported: str
    suggestion: str


@dataclass(frozen=True)
class Constraint:
    """A rule of legality; made by the `constraint` decorator."""

    supported: str
    """What is supported: the docstring of the rule, shown by `micrort ops` and in docs/operators.md."""
    suggestion: str
    rule: Callable[[Any, Operands], str | None]
    """Returns the reason for a refusal, or None."""


def constraint(suggestion: str) -> Callable[[Callable[[Any, Operands], str | None]], Constraint]:
    """Make a Constraint of a rule `(operator, operands) -> reason or None`; its docstring says what is supported."""

    def wrap(rule: Callable[[Any, Operands], str | None]) -> Constraint:
        return Constraint((rule.__doc__ or "").strip(), suggestion, rule)

    return wrap


@dataclass(frozen=True)
class Lowering:
    """What a node becomes."""

    calls: tuple[KernelCall, ...] = ()
    constants: tuple[Tensor, ...] = ()
    """Constants that the calls need beside the graph's own tensors; names start with the node's name."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Outputs that are only a view of an input's bytes: output name -> input name."""


@dataclass(frozen=True)
class Operator(ABC):
    """Base of all operators. Subclasses are frozen dataclasses whose fields are the attributes."""

    name: ClassVar[str]
    """The operator's name in reports and in `micrort ops`, e.g. `conv2d`."""
    constraints: ClassVar[tuple[Constraint, ...]] = ()

    def problems(self, operands: Operands) -> list[Problem]:
        """Every constraint that these operands break; empty if the node can be lowered.

        A constraint may assume that those before it hold: the first broken one ends the list.
        """
        for rule in self.constraints:
            reason = rule.rule(self, operands)
            if reason is not None:
                return [Problem(reason, rule.supported, rule.suggestion)]
        return []

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...] | None:  # noqa: ARG002
        """The shapes that the outputs must have, from inputs and attributes that break no constraint.

        Frontends refuse a model that declares others, so that a wrong shape never reaches a kernel. None where the
        operator leaves shapes to its constraints.
        """
        return None

    @abstractmethod
    def lower(self, name: str, operands: Operands) -> Lowering:
        """The kernel calls that compute node `name` on `operands`, which break no constraint."""

    def macs(self, operands: Operands) -> int:  # noqa: ARG002
        """Multiply-accumulates of one inference; 0 for operators without weights."""
        return 0


def dtypes_in(index: int, *names: str) -> Constraint:
    """A Constraint: input `index` has one of the dtypes `names`."""
    supported = f"input {index} of type {', '.join(names)}"

    def rule(_: Any, operands: Operands) -> str | None:
        tensor = operands.optional(index)
        if tensor is None or tensor.dtype.value in names:
            return None
        return f"input {index} has type {tensor.dtype.value}"

    return Constraint(supported, "quantise the model to full int8, or keep it in float32", rule)
