"""How operators hang together: indices in range, each tensor made once and before it is read, no cycles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from micrort.frontends.tflite.findings import Findings
from micrort.frontends.tflite.records import SourceModel, SourceOperator


def check_wiring(model: SourceModel, findings: Findings) -> None:
    """Note every contradiction between the lists of tensors, operators, inputs and outputs."""
    findings.problems.extend(_ranges(model))
    makers = _makers(model)
    findings.problems.extend(_made_wrongly(model, makers))
    if None not in model.operators:  # else tensors of the unreadable operator would be reported as dangling
        findings.problems.extend(_read_wrongly(model, makers))
    findings.problems.extend(_ends(model, makers))


def _operators(model: SourceModel) -> Iterator[SourceOperator]:
    return (operator for operator in model.operators if operator is not None)


def _ranges(model: SourceModel) -> Iterator[str]:
    count = len(model.tensors)
    for operator in _operators(model):
        for index in operator.inputs:
            if not -1 <= index < count:
                yield f"{operator} reads tensor {index}, but the file has {count}"
        for index in operator.outputs:
            if not 0 <= index < count:
                yield f"{operator} writes tensor {index}, but the file has {count}"
        if not operator.outputs:
            yield f"{operator} has no output"
    for what, indices in (("input", model.inputs), ("output", model.outputs)):
        for index in indices:
            if not 0 <= index < count:
                yield f"the model's {what}s name tensor {index}, but the file has {count}"


def _makers(model: SourceModel) -> dict[int, list[SourceOperator]]:
    """Tensor -> the operators that write it."""
    makers: dict[int, list[SourceOperator]] = defaultdict(list)
    for operator in _operators(model):
        for index in operator.outputs:
            makers[index].append(operator)
    return makers


def _made_wrongly(model: SourceModel, makers: dict[int, list[SourceOperator]]) -> Iterator[str]:
    inputs = set(model.inputs)
    for index, operators in makers.items():
        tensor = model.tensor(index)
        if tensor is None:
            continue
        if len(operators) > 1:
            yield f"{tensor} is written {len(operators)} times: by {' and '.join(map(str, operators[:4]))}"
        if model.is_constant(index):
            yield f"{tensor} is a constant, but {operators[0]} writes it"
        if index in inputs:
            yield f"{tensor} is an input of the model, but {operators[0]} writes it"


def _read_wrongly(model: SourceModel, makers: dict[int, list[SourceOperator]]) -> Iterator[str]:
    inputs = set(model.inputs)
    cyclic = _in_cycles(model, makers)
    for operator in _operators(model):
        for index in dict.fromkeys(operator.inputs):
            tensor = model.tensor(index)
            if tensor is None or tensor.variable or index in inputs or model.is_constant(index):
                continue
            if index not in makers:
                yield f"{operator} reads {tensor}, which nothing makes: no operator, no input, no constant"
            elif makers[index][0].index >= operator.index:
                why = "a cycle" if operator.index in cyclic else "operators out of order"
                yield f"{operator} reads {tensor}, which {makers[index][0]} makes later: {why}"


def _in_cycles(model: SourceModel, makers: dict[int, list[SourceOperator]]) -> set[int]:
    """Operators that can never run because they wait, directly or not, for themselves (or for such a one)."""
    waits = {
        operator.index: {maker.index for index in operator.inputs for maker in makers.get(index, ())[:1]}
        for operator in _operators(model)
    }
    readers: dict[int, list[int]] = defaultdict(list)
    for reader, awaited in waits.items():
        for maker in awaited:
            readers[maker].append(reader)
    left = {index: len(awaited) for index, awaited in waits.items()}
    ready = [index for index, count in left.items() if count == 0]
    while ready:
        index = ready.pop()
        del left[index]
        for reader in readers[index]:
            left[reader] -= 1
            if left[reader] == 0:
                ready.append(reader)
    return set(left)


def _ends(model: SourceModel, makers: dict[int, list[SourceOperator]]) -> Iterator[str]:
    for what, indices in (("inputs", model.inputs), ("outputs", model.outputs)):
        if not indices:
            yield f"the model has no {what}"
        repeated = (index for index, count in Counter(indices).items() if count > 1)
        for index in repeated:
            yield f"tensor {index} stands twice among the model's {what}"
        if len(indices) > 255:
            yield f"the model has {len(indices)} {what}; at most 255 are possible"
    for index in dict.fromkeys(model.inputs):
        if model.is_constant(index):
            yield f"{model.tensor(index)} is an input of the model, but also a constant"
    for index in dict.fromkeys(model.outputs):
        tensor = model.tensor(index)
        if tensor is not None and index not in makers:
            yield f"{tensor} is an output of the model, but no operator makes it"
