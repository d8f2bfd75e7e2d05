"""The grammar that a graph or program must meet after each pass. A breach is a defect of that pass.

Each check returns the first problem as a sentence, or None.
"""

from __future__ import annotations

from collections.abc import Iterable

from micrort.ir import Graph, Program, Slot, Tensor
from micrort.ir.executor_graph import ROW_UNIT
from micrort.ir.program import StepKind
from micrort.passes import storage


def graph(unit: Graph) -> str | None:
    """Tensors are known and made once, before they are used; constants hold what they declare; nodes are legal."""
    problem = _tensors(unit.tensors.values())
    if problem is not None:
        return problem
    made = {name for name, tensor in unit.tensors.items() if tensor.is_constant}
    if made & set(unit.inputs):
        return f"the input {min(made & set(unit.inputs))} is a constant"
    made |= set(unit.inputs)
    names: set[str] = set()
    for node in unit.nodes:
        if node.name in names:
            return f"two nodes are named {node.name}"
        names.add(node.name)
        problem = _order(node.name, [name for name in node.inputs if name is not None], node.outputs, made)
        if problem is not None:
            return problem
        illegal = node.operator.problems(unit.operands(node))
        if illegal:
            return f"node {node.name}: {illegal[0].reason}"
    return _missing("output", unit.outputs, made)


def program(unit: Program) -> str | None:
    """Calls are in a valid order, over known tensors; every output is made by a call."""
    problem = _tensors(unit.tensors.values())
    if problem is not None:
        return problem
    made = {name for name, tensor in unit.tensors.items() if tensor.is_constant} | set(unit.inputs)
    names: set[str] = set()
    for call in unit.calls:
        if call.name in names:
            return f"two calls are named {call.name}"
        names.add(call.name)
        storage.add_aliases(unit, made)
        problem = _order(call.name, call.inputs, call.outputs, made)
        if problem is not None:
            return problem
    storage.add_aliases(unit, made)
    missing = _missing("output", unit.outputs, made) or _missing("alias", unit.aliases, made)
    if missing is not None:
        return missing
    by_calls = {name for call in unit.calls for name in call.outputs}
    roots = {unit.root(name) for name in unit.outputs}
    return None if roots <= by_calls else f"no call makes the output {min(roots - by_calls)}"


def stepped(unit: Program) -> str | None:
    """A program whose steps cover each call's rows once, in increasing order."""
    problem = program(unit)
    if problem is not None:
        return problem
    done = [0] * len(unit.calls)
    for step in unit.steps:
        if step.kind is not StepKind.CALL:
            continue
        rows = unit.tensors[unit.calls[step.call].outputs[0]].rows
        if step.row_begin != done[step.call] or not step.row_begin < step.row_end <= rows:
            return f"step {step} does not continue at row {done[step.call]} of {rows}"
        if not unit.calls[step.call].by_rows and step.row_end != rows:
            return f"call {unit.calls[step.call].name} is cut into rows, which its kernel does not allow"
        done[step.call] = step.row_end
    for call, rows_done in zip(unit.calls, done, strict=True):
        if rows_done != unit.tensors[call.outputs[0]].rows:
            return f"steps leave out rows of {call.name}"
    return None


def shared(unit: Program) -> str | None:
    """A stepped program whose shares name owners that hold storage of their own."""
    problem = stepped(unit)
    if problem is not None:
        return problem
    for name, (owner, offset) in unit.shares.items():
        if owner in unit.shares or name in unit.aliases or owner in unit.aliases:
            return f"{name} is laid over {owner}, which has no storage of its own"
        if offset < 0 or offset % storage.alignment(unit.tensors[name]) != 0:
            return f"{name} lies at byte {offset} of {owner}"
    return None


def placed(unit: Program) -> str | None:
    """A shared program whose tensors and workspaces lie aligned within their arenas."""
    problem = shared(unit)
    if problem is not None:
        return problem
    for name, tensor in unit.tensors.items():
        if not tensor.is_constant and not storage.is_constant(unit, name):
            problem = _place(unit, name, tensor.bytes, storage.alignment(tensor))
            if problem is not None:
                return problem
    for call in unit.calls:
        if call.workspace_bytes > 0:
            problem = _place(unit, call.workspace, call.workspace_bytes, call.workspace_alignment)
            if problem is not None:
                return problem
    return None


def _tensors(tensors: Iterable[Tensor]) -> str | None:
    for tensor in tensors:
        if any(size < 1 for size in tensor.shape):
            return f"tensor {tensor.name} has the shape {list(tensor.shape)}"
        data = tensor.data
        if data is not None and (data.shape != tensor.shape or data.dtype != tensor.dtype.numpy):
            return f"constant {tensor.name} holds {data.dtype}{list(data.shape)}, not what it declares"
    return None


def _order(user: str, inputs: Iterable[str], outputs: Iterable[str], made: set[str]) -> str | None:
    missing = _missing(f"{user}'s input", inputs, made)
    if missing is not None:
        return missing
    for name in outputs:
        if name in made:
            return f"{user} makes {name}, which exists already"
        made.add(name)
    return None


def _missing(role: str, names: Iterable[str], made: set[str]) -> str | None:
    for name in names:
        if name not in made:
            return f"{role} {name} is used before it is made"
    return None


def _place(unit: Program, name: str, size: int, alignment: int) -> str | None:
    slot: Slot | None = unit.slots.get(name)
    if slot is None or not 0 <= slot.pool < len(unit.arenas):
        return f"{name} has no place"
    if slot.rows is not None:
        row = unit.tensors[name].row_bytes
        sound = all(offset % ROW_UNIT == 0 and 0 <= offset <= unit.arenas[slot.pool].size - row for offset in slot.rows)
        return None if sound else f"rows of {name} lie outside the arena {unit.arenas[slot.pool].name}, or misaligned"
    if slot.offset < 0 or slot.offset % alignment != 0 or slot.offset + size > unit.arenas[slot.pool].size:
        return f"{name} lies at byte {slot.offset} of the arena {unit.arenas[slot.pool].name}"
    return None
