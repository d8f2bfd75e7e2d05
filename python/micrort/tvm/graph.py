"""Graph JSON of TVM's graph executor, and its params, as a program of foreign operators. Both are outside input."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from micrort.codegen import c_text, params
from micrort.errors import ModelError
from micrort.ir import InPlace, KernelCall, Program, Tensor
from micrort.ir.executor_graph import FOREIGN
from micrort.tvm.archive import Archive, sanitised
from micrort.tvm.model import Argument, Figures, Model, Operator, checked_shape, type_of
from micrort.tvm.workspace import GRANULE, Workspaces

ROWS_MAX = 0xFFFF
"""Of a tensor in the runtime's tables."""
ARGUMENTS_MAX = 255
NOP, COPY = "__nop", "__copy"


def read(archive: Archive, name: str, workspaces: Workspaces) -> Model:
    """The model of a graph executor's archive.

    Args:
        archive: with a graph JSON.
        name: of the model, a C identifier.
        workspaces: of the archive's functions.

    Raises:
        ModelError: the graph contradicts itself, the params, or the generated C.
    """
    arrays = params.read(archive.params, archive.source, raw=True) if archive.params else {}
    try:
        graph = json.loads(archive.graph_json)
    except (ValueError, RecursionError) as error:
        raise ModelError(archive.source, [f"graph JSON cannot be parsed: {error}"]) from None
    return _Reader(archive, name, workspaces, arrays, graph).model()


@dataclass(frozen=True)
class _Entry:
    """An entry of the graph: an output of a node."""

    name: str
    """Unique."""
    argument: Argument
    storage: int


class _Reader:
    """Reads one graph."""

    def __init__(
        self, archive: Archive, name: str, workspaces: Workspaces, arrays: Mapping[str, np.ndarray], graph: Any
    ) -> None:
        self.archive, self.name, self.workspaces, self.arrays = archive, name, workspaces, arrays
        self.graph = self._record(graph, "the graph")
        self.nodes = [self._record(node, f"node {i}") for i, node in enumerate(self._list(self.graph, "nodes"))]
        self.row_ptr = self._row_ptr()
        self.taken: Counter[str] = Counter()
        """Names of entries and calls."""
        self.heads: set[str] = set()
        """Storages that are outputs of the model."""
        self.entries = self._entries()
        self.tensors: dict[str, Tensor] = {}
        self.aliases: dict[str, str] = {}
        self.calls: list[KernelCall] = []
        self.operators: dict[tuple[str, tuple[Argument, ...]], Operator] = {}
        self.inputs: list[str] = []
        self.linked: set[str] = set()
        """Constants that are linked in."""

    def model(self) -> Model:
        """The whole model."""
        for index, node in enumerate(self.nodes):
            if node["op"] == "null":
                self._null(index)
            elif self._function(index) == NOP:
                self._view(index)
            elif self._function(index) == COPY:
                self._copy(*self._operands(index))
            else:
                self._call(index)
        outputs = self._outputs()  # which may add copies to the calls
        calls, inputs = tuple(self.calls), tuple(self.inputs)
        program = Program(self.name, self.tensors, calls, inputs, outputs, dict(self.aliases))
        return Model(program, tuple(self.operators.values()), self._figures(), self.archive.sources)

    # nodes

    def _null(self, index: int) -> None:
        """An input, or a constant: of the params, or linked in."""
        entry = self.entries[self.row_ptr[index]]
        argument, own = entry.argument, str(self.nodes[index].get("name"))
        if own in self.arrays:
            self._constant(entry, self.arrays[own])
        elif re.search(rf"\b\w*__tvm_param__{re.escape(sanitised(own))}\b", self.archive.text):
            self.linked.add(entry.name)
        else:
            stated = self.archive.main.get("inputs")
            if isinstance(stated, dict):
                known = sanitised(own) in {sanitised(str(name)) for name in stated}
            else:
                known = re.fullmatch(r"p\d+", own) is None  # what TVM calls constants
            self._need(known, f"{own} is neither an input of the model nor in the params")
            self._need(
                argument.type.is_exact,
                f"input {entry.name} is of a type that micrort does not hand in; supported: int8, uint8, int16, int32, "
                "int64, uint32, float32, bool",
            )
            self._add(entry, folded=False)
            self.inputs.append(entry.name)

    def _constant(self, entry: _Entry, array: np.ndarray) -> None:
        stored = entry.argument.type.stored
        data = array.tobytes()
        self._need(
            len(data) == entry.argument.bytes and (array.dtype == stored.numpy or not entry.argument.type.is_exact),
            f"{entry.name} is {array.dtype}{list(array.shape)} in the params, not what the graph says",
        )
        shape = entry.argument.stored_shape(_is_tall(entry.argument.shape))
        values = np.frombuffer(data, stored.numpy).reshape(shape)
        self.tensors[entry.name] = Tensor(entry.name, shape, stored, data=values)

    def _view(self, index: int) -> None:
        """A reshape: another view of the same bytes."""
        inputs, outputs = self._operands(index)
        self._need(len(inputs) == 1 and len(outputs) == 1, f"node {index} is a view of {len(inputs)} tensors")
        (source,), (view,) = inputs, outputs
        self._need(source.argument.bytes == view.argument.bytes, f"{view.name} is no view of {source.name}: its size")
        self._need(source.name not in self.linked, f"{view.name} is a view of a constant that is linked in")
        self._add(view)
        self.aliases[view.name] = source.name

    def _copy(self, inputs: list[_Entry], outputs: list[_Entry]) -> None:
        self._need(len(inputs) == 1 and len(outputs) == 1, f"{COPY} takes one tensor and makes one")
        (source,), (made,) = inputs, outputs
        self._need(source.argument.bytes == made.argument.bytes, f"{made.name} is no copy of {source.name}: its size")
        self._need(source.name not in self.linked, f"{made.name} is a copy of a constant that is linked in")
        self._add(made)
        self._copy_call(source.name, made.name)

    def _copy_call(self, source: str, made: str) -> None:
        size = self.tensors[made].bytes
        offers = () if self._is_constant(source) else (InPlace(0),)
        call = KernelCall(f"copy/{made}", "copy", (source,), (made,), {"bytes": size}, offers, False, "copy")
        self.calls.append(call)

    def _call(self, index: int) -> None:
        """A call of a packed function."""
        function = self._function(index)
        inputs, outputs = self._operands(index)
        self._need(len(inputs) + len(outputs) <= ARGUMENTS_MAX, f"node {index} has more than {ARGUMENTS_MAX} arguments")
        arguments = tuple(self._argument(entry) for entry in (*inputs, *outputs))
        operator = self._operator(function, arguments)
        for entry in outputs:
            self._add(entry)
        call = KernelCall(
            str(outputs[0].name) if len(outputs) == 1 else outputs[0].name.removesuffix(":0"),
            FOREIGN,
            tuple(entry.name for entry in inputs if entry.name not in self.linked),
            tuple(entry.name for entry in outputs),
            {"workspace": self.workspaces.bytes(function)},
            by_rows=False,
            operator=_operator_name(function, self.archive.prefix),
            workspace_alignment=GRANULE,
            adapter=operator.adapter,
        )
        self.calls.append(call)

    def _argument(self, entry: _Entry) -> Argument:
        if entry.name not in self.linked:
            return entry.argument
        return Argument(entry.argument.shape, entry.argument.type, entry.storage)

    def _operator(self, function: str, arguments: tuple[Argument, ...]) -> Operator:
        key = (function, arguments)
        if key not in self.operators:
            self._need(
                self.workspaces.defines(function) or function in self.workspaces.registered,
                f"the graph calls {function}, which the generated C does not define",
            )
            stem = f"{self.name}_{c_text.identifier(_operator_name(function, self.archive.prefix))}"
            names = {operator.adapter for operator in self.operators.values()}
            adapter, serial = f"mrt_{stem}_run", 2
            while adapter in names:
                adapter, serial = f"mrt_{stem}_v{serial}_run", serial + 1
            self.operators[key] = Operator(adapter, function, arguments)
        return self.operators[key]

    def _outputs(self) -> tuple[str, ...]:
        """The model's outputs, under the names that the model's own format had, where the archive tells."""
        heads = [self._entry(head, len(self.nodes), "a head") for head in self._list(self.graph, "heads")]
        self._need(len(heads) > 0, "the graph has no outputs")
        names = self.archive.output_names if len(self.archive.output_names) == len(heads) else []
        found: list[str] = []
        for index, entry in enumerate(heads):
            self._need(entry.argument.type.is_exact, f"output {entry.name} is of a type that micrort does not hand out")
            self._need(entry.name not in self.linked, f"output {entry.name} is a constant that is linked in")
            name = names[index] if names and names[index] else entry.name
            made = name == entry.name and name not in self.inputs and name not in self.aliases
            if made and name not in self.heads and not self._is_constant(name):
                self.heads.add(name)
                found.append(name)
            else:
                found.append(self._named(name, entry, index))
        return tuple(found)

    def _named(self, name: str, entry: _Entry, index: int) -> str:
        """An output under a name of its own: another view of what a call made, or a copy of anything else."""
        if name in self.tensors:
            name = self._unique(f"{name}/output{index}")
        source = entry.name
        root = self._root(source)
        self.tensors[name] = Tensor(name, entry.argument.shape, entry.argument.type.stored)
        made_once = root not in self.inputs and not self._is_constant(root) and root not in self.heads
        self.heads.add(root)
        if made_once:
            self.aliases[name] = source
        else:
            self._copy_call(source, name)
        return name

    # entries

    def _entries(self) -> list[_Entry]:
        count = self.row_ptr[-1]
        attrs = self._record(self.graph.get("attrs"), "attrs")

        def column(name: str, kind: str) -> list[Any]:
            pair = self._list(attrs, name)
            self._need(len(pair) == 2 and pair[0] == kind, f"attrs.{name} is no {kind}")
            self._need(isinstance(pair[1], list) and len(pair[1]) == count, f"attrs.{name} has not {count} items")
            return list(pair[1])

        names = self._names()
        columns = (column("dltype", "list_str"), column("shape", "list_shape"), column("storage_id", "list_int"))
        found = []
        for name, dtype, shape, storage in zip(names, *columns, strict=True):
            type_ = type_of(dtype) if isinstance(dtype, str) else None
            self._need(type_ is not None, f"{name} has the unknown type {dtype!r}")
            assert type_ is not None
            self._need(isinstance(shape, list), f"the shape of {name} is no list")
            self._need(type(storage) is int and 0 <= storage < 2**31, f"{name} has the storage {storage!r}")
            extents = checked_shape(shape, type_, name, self.archive.source)
            found.append(_Entry(name, Argument(extents, type_), storage))
        return found

    def _names(self) -> list[str]:
        """A name for each entry, all different."""
        names = []
        for index, node in enumerate(self.nodes):
            count = self.row_ptr[index + 1] - self.row_ptr[index]
            own = node.get("name")
            self._need(isinstance(own, str) and own != "", f"node {index} has no name")
            names += [self._unique(str(own) if count == 1 else f"{own}:{output}") for output in range(count)]
        return names

    def _unique(self, name: str) -> str:
        candidate, serial = name, 1
        while self.taken[candidate]:
            candidate, serial = f"{name}#{serial}", serial + 1
        self.taken[candidate] += 1
        return candidate

    def _add(self, entry: _Entry, folded: bool | None = None) -> None:
        tall = _is_tall(entry.argument.shape) if folded is None else folded
        self.tensors[entry.name] = Tensor(entry.name, entry.argument.stored_shape(tall), entry.argument.type.stored)

    def _root(self, name: str) -> str:
        while name in self.aliases:
            name = self.aliases[name]
        return name

    def _is_constant(self, name: str) -> bool:
        return self.tensors[self._root(name)].is_constant

    # the JSON

    def _row_ptr(self) -> list[int]:
        values = self._list(self.graph, "node_row_ptr")
        self._need(len(values) == len(self.nodes) + 1, f"node_row_ptr has {len(values)} items")
        expected = 0
        for index, value in enumerate(values):
            self._need(type(value) is int and value == expected, f"node_row_ptr[{index}] is {value!r}, not {expected}")
            if index < len(self.nodes):
                expected += self._output_count(index)
        return values

    def _output_count(self, index: int) -> int:
        operation = self.nodes[index].get("op")
        self._need(operation in ("null", "tvm_op"), f"node {index} has op {operation!r}")
        self._need(not self.nodes[index].get("control_deps"), f"node {index} has control_deps, which are not supported")
        return 1 if operation == "null" else self._number(index, "num_outputs", 1)

    def _attr(self, index: int, name: str) -> str:
        attrs = self._record(self.nodes[index].get("attrs"), f"attrs of node {index}")
        value = attrs.get(name)
        self._need(isinstance(value, str), f"node {index} has no attribute {name}")
        return str(value)

    def _number(self, index: int, name: str, low: int) -> int:
        text = self._attr(index, name)
        self._need(re.fullmatch(r"\d{1,6}", text) is not None and int(text) >= low, f"node {index} has {name} {text!r}")
        return int(text)

    def _function(self, index: int) -> str:
        function = self._attr(index, "func_name")
        self._need(re.fullmatch(r"\w+", function) is not None, f"node {index} calls {function!r}, no C identifier")
        return function

    def _operands(self, index: int) -> tuple[list[_Entry], list[_Entry]]:
        items = self._list(self.nodes[index], "inputs")
        inputs = [self._entry(item, index, f"an input of node {index}") for item in items]
        self._need(self._number(index, "num_inputs", 0) == len(inputs), f"node {index} has {len(inputs)} inputs")
        return inputs, self.entries[self.row_ptr[index] : self.row_ptr[index + 1]]

    def _entry(self, reference: Any, before: int, what: str) -> _Entry:
        """The entry of a [node, output, version] that must name a node before node `before`."""
        sound = isinstance(reference, list) and len(reference) in (2, 3) and all(type(i) is int for i in reference)
        self._need(sound and 0 <= reference[0] < before, f"{what} is {reference!r}, no earlier node's")
        node, output = int(reference[0]), int(reference[1])
        self._need(
            0 <= output < self.row_ptr[node + 1] - self.row_ptr[node], f"{what} is output {output} of node {node}"
        )
        return self.entries[self.row_ptr[node] + output]

    def _list(self, record: Mapping[str, Any], name: str) -> list[Any]:
        value = record.get(name)
        self._need(isinstance(value, list), f"{name} is no list")
        return value  # type: ignore[return-value]

    def _record(self, value: Any, what: str) -> dict[str, Any]:
        self._need(isinstance(value, dict), f"{what} is no object")
        return value  # type: ignore[no-any-return]

    def _need(self, condition: bool, problem: str) -> None:
        if not condition:
            raise ModelError(self.archive.source, [f"graph JSON: {problem}"])

    # figures

    def _figures(self) -> Figures:
        """What TVM's graph executor would take; each storage as large as the largest entry in it."""
        activations: dict[int, int] = {}
        constants = 0
        for index, node in enumerate(self.nodes):
            for entry in self.entries[self.row_ptr[index] : self.row_ptr[index + 1]]:
                if node["op"] == "null" and str(node.get("name")) in self.arrays:
                    constants += _rounded(entry.argument.bytes)
                elif entry.name not in self.linked:
                    size = _rounded(entry.argument.bytes)
                    activations[entry.storage] = max(size, activations.get(entry.storage, 0))
        most = max((self.workspaces.bytes(operator.function) for operator in self.operators.values()), default=0)
        return Figures(sum(activations.values()), most, constants)


def _is_tall(shape: tuple[int, ...]) -> bool:
    """Whether a tensor of this shape has more rows than the tables can say, so that it is kept as one row."""
    return math.prod((1, 1, 1, *shape)[:-2]) > ROWS_MAX


def _rounded(size: int) -> int:
    return (size + 3) & ~3


def _operator_name(function: str, prefix: str) -> str:
    return function.removeprefix(f"{prefix}_").removeprefix("tvmgen_")
