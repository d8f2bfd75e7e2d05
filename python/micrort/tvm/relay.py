"""What the Relay text of an archive tells of a model's inputs and results.

TVM prints types of parameters, but seldom of results. The shape of a result follows from the last operator that states
it (a reshape, the units of a dense layer) where only operators that keep shapes come after; else it stays unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Shape = tuple[int, ...]
"""At most one extent is -1: what the tensor's size leaves."""
_MAIN = re.compile(r"def @main\((.*?)\)\s*(?:->\s*(.*?)\s*)?\{(.*?)\n\}", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TENSOR = re.compile(r"Tensor\[\(([^)]*)\), (\w+)\]")
_PARAMETER = re.compile(r"%([^%]*?): Tensor\[\(([^)]*)\), (\w+)\]")
_BINDING = re.compile(r"^(?:let )?(%[^\s=]+) = (.*?);?$")
_CALL = re.compile(r"([\w.]+)\((%[^,)]+)")
_KEEPS = {
    *("annotation.stop_fusion", "cast", "clip", "copy", "exp", "fixed_point_multiply", "negative", "round", "sigmoid"),
    *("nn.bias_add", "nn.relu", "nn.softmax", "qnn.dequantize", "qnn.quantize", "qnn.requantize", "tanh"),
}
"""Operators whose result has the shape of their first operand."""
_DEPTH = 64
"""Operators that are followed back at most."""


@dataclass(frozen=True)
class Typed:
    """A parameter or result."""

    name: str
    """Empty for results."""
    shape: Shape | None
    dtype: str


def parameters(text: str) -> list[Typed]:
    """The parameters of the model, constants among them."""
    main = _MAIN.search(text)
    return [Typed(item[1], _extents(item[2]), item[3]) for item in _PARAMETER.finditer(main[1] if main else "")]


def results(text: str) -> list[Typed]:
    """What the model returns, in order; with the type nothing where the text does not say it."""
    main = _MAIN.search(text)
    if main is None:
        return []
    if main[2]:
        return [Typed("", _extents(item[1]), item[2]) for item in _TENSOR.finditer(main[2])]
    lines = [line.strip() for line in _COMMENT.sub("", main[3]).strip().splitlines()]
    body = _Body(lines, {f"%{item.name}": item.shape for item in parameters(text)})
    listed = re.fullmatch(r"\(\s*(%.*?)\s*,?\s*\)", lines[-1]) if lines else None
    returned = re.split(r"\s*,\s*", listed[1]) if listed else lines[-1:]
    return [Typed("", body.shape(expression), "") for expression in returned]


class _Body:
    """The expressions of a function by name."""

    def __init__(self, lines: list[str], known: dict[str, Shape | None]) -> None:
        self.known = known
        self.bound = {match[1]: match[2] for match in map(_BINDING.match, lines) if match is not None}

    def shape(self, expression: str) -> Shape | None:
        """The shape of an expression; None: not known."""
        for _ in range(_DEPTH):
            expression = self.bound.get(expression.strip(), expression.strip())
            if expression in self.known:
                return self.known[expression]
            call = _CALL.match(expression)
            if call is None:
                return None
            if call[1] not in _KEEPS:
                return self._stated(call[1], call[2], expression)
            expression = call[2]
        return None

    def _stated(self, operator: str, operand: str, expression: str) -> Shape | None:
        """The shape that an operator itself states."""
        extents = re.search(r"\bnewshape=\[([^\]]*)\]", expression)
        if operator == "reshape" and extents:
            return _extents(extents[1])
        units = re.search(r"\bunits=(\d+)", expression)
        if operator in ("nn.dense", "qnn.dense") and units:
            data = self.shape(operand)
            return (*data[:-1], int(units[1])) if data else None
        return None


def _extents(text: str) -> Shape | None:
    values = [part.strip() for part in text.split(",") if part.strip()]
    if not all(re.fullmatch(r"-1|[1-9]\d*", value) for value in values):
        return None
    shape = tuple(map(int, values))
    return shape if shape.count(-1) <= 1 else None
