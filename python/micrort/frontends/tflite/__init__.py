"""TensorFlow Lite flatbuffers → ir.Graph.

```
decode     bytes → records; every offset and length verified
wiring     records: indices, order, cycles, makers and readers
tensors    a record → ir.Tensor; types, shapes, quantisation, bytes
table      an operator's record → Operator, by name; attributes from options and constant inputs
```
Everything found is collected (`findings`) and raised at once.
"""

from __future__ import annotations

from micrort.frontends.tflite.decode import decode
from micrort.frontends.tflite.findings import BrokenError, Findings, RefusalError
from micrort.frontends.tflite.legality import read_operator, row_of
from micrort.frontends.tflite.records import SourceModel, SourceOperator
from micrort.frontends.tflite.tensors import BYTES_MAX, read_tensor, unique_names, unique_node_names
from micrort.frontends.tflite.wiring import check_wiring
from micrort.ir import Graph, Node, Operands, Tensor

_SCHEMA_VERSION = 3


def load(data: bytes, name: str, source: str) -> Graph:
    """The graph of a .tflite file's bytes.

    Args:
        data: the file.
        name: the graph's name.
        source: how messages call the file.

    Raises:
        ModelError: the file is damaged or contradicts itself; lists every problem.
        UnsupportedError: the model is sound, but not all of it can be compiled; lists every such node.
    """
    findings = Findings()
    model, findings.problems = decode(data)
    graph = None if model is None else _Reader(model, findings).graph(name)
    findings.raise_any(source)
    assert graph is not None
    return graph


def tensor_names(data: bytes) -> list[str]:
    """The names that `load` gives to the tensors of a file it accepts, by the file's tensor index."""
    model, problems = decode(data)
    assert model is not None and not problems
    return unique_names(model)


class _Reader:
    """Makes a graph of a model; what stands in the way goes to `findings`."""

    def __init__(self, model: SourceModel, findings: Findings) -> None:
        self.model = model
        self.findings = findings
        self.tensors: dict[int, Tensor] = {}
        self.refused: dict[int, RefusalError] = {}
        self.tensor_names = unique_names(model)
        self.node_names = unique_node_names(model, self.tensor_names)

    def graph(self, name: str) -> Graph:
        """The graph: complete only if nothing was found."""
        if self.model.version != _SCHEMA_VERSION:
            self.findings.problems.append(f"schema version {self.model.version}; only {_SCHEMA_VERSION} is known")
        check_wiring(self.model, self.findings)
        self._refuse_whole()
        self._read_tensors()
        nodes = tuple(node for operator in self.model.operators if operator and (node := self._node(operator)))
        return Graph(
            name=name,
            tensors={self.tensor_names[index]: tensor for index, tensor in self.tensors.items()},
            nodes=nodes,
            inputs=self._names(self.model.inputs),
            outputs=self._names(self.model.outputs),
        )

    def _names(self, indices: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(self.tensor_names[index] for index in indices if index in self.tensors)

    def _refuse_whole(self) -> None:
        if self.model.subgraphs > 1:
            refusal = RefusalError(
                f"the model has {self.model.subgraphs} subgraphs",
                "one subgraph, without control flow",
                "export without loops, conditions and calls, or split the model",
            )
            self.findings.refuse("model", "SUBGRAPHS", self.model, (), refusal)

    def _read_tensors(self) -> None:
        """Read the tensors that something names; tensors without any use may be whatever they are."""
        ends = (*self.model.inputs, *self.model.outputs)
        used = {*ends, *(i for o in self.model.operators if o for i in (*o.inputs, *o.outputs))}
        for index in sorted(used):
            source = self.model.tensor(index)
            if source is None:
                continue
            try:
                self.tensors[index] = read_tensor(self.model, source, self.tensor_names[index])
            except BrokenError as error:
                self.findings.problems.append(str(error))
            except RefusalError as refusal:
                self.refused[index] = refusal
        constants = sum(tensor.bytes for tensor in self.tensors.values() if tensor.is_constant)
        if constants > BYTES_MAX:
            self.findings.problems.append(f"the constants have {constants} bytes in total; at most {BYTES_MAX} fit")
        for index in dict.fromkeys(self.model.inputs):
            if index in self.refused:
                name = self.tensor_names[index]
                self.findings.refuse(name, "INPUT", self.model, (index,), self.refused[index])

    def _node(self, source: SourceOperator) -> Node | None:
        """The node, or None where something was found."""
        name = self.node_names[source.index]
        if source.code is None:
            return None  # a problem says why
        try:
            row = row_of(source)
            operands = self._operands(source)
            if operands is None:
                return None
            operator = read_operator(source, row, operands)
        except RefusalError as refusal:
            self.findings.refuse_operator(name, self.model, source, refusal)
            return None
        except BrokenError as error:
            self.findings.problems.append(f"{source}, node '{name}': {error}")
            return None
        inputs = tuple(None if index == -1 else self.tensor_names[index] for index in source.inputs)
        return Node(name, operator, inputs, tuple(self.tensor_names[index] for index in source.outputs))

    def _operands(self, source: SourceOperator) -> Operands | None:
        """The tensors of an operator; None if a problem says already that one of them is broken.

        Raises:
            RefusalError: one of them is sound, but cannot be compiled.
        """
        named = tuple(index for index in (*source.inputs, *source.outputs) if index != -1)
        for index in named:
            if index in self.refused:
                raise self.refused[index]
        if not all(index in self.tensors for index in (*named, *source.outputs)):
            return None
        return Operands(
            tuple(None if index == -1 else self.tensors[index] for index in source.inputs),
            tuple(self.tensors[index] for index in source.outputs if index != -1),
        )
