"""Operators become kernel calls."""

from __future__ import annotations

from dataclasses import replace

from micrort.ir import Graph, KernelCall, Program, Tensor


def lower(graph: Graph) -> Program:
    """Call `Operator.lower` of every node; outputs that no call would make get a copy.

    An output is copied where it is a model input or a constant, or a view of one: the executor's outputs are memory
    of their own, which an inference writes.
    """
    tensors = dict(graph.tensors)
    calls: list[KernelCall] = []
    aliases: dict[str, str] = {}
    for node in graph.nodes:
        lowering = node.operator.lower(node.name, graph.operands(node))
        calls.extend(lowering.calls)
        aliases.update(lowering.aliases)
        tensors.update({tensor.name: tensor for tensor in lowering.constants})
    program = Program(graph.name, tensors, tuple(calls), graph.inputs, graph.outputs, aliases, pruning=graph.pruning)
    return used_only(_with_copies(program))


def copy_call(source: Tensor, output: Tensor) -> KernelCall:
    """A call that copies `source` to `output`, of as many bytes."""
    return KernelCall(
        name=f"{output.name}/copy",
        kernel="copy",
        inputs=(source.name,),
        outputs=(output.name,),
        attrs={"bytes": source.bytes},
        operator="copy",
    )


def _with_copies(program: Program) -> Program:
    """Copies come first: what they read is there from the start, and calls may read what they make."""
    made = {name for call in program.calls for name in call.outputs}
    tensors, aliases = dict(program.tensors), dict(program.aliases)
    copies: dict[str, KernelCall] = {}
    outputs: list[str] = []
    for name in program.outputs:
        if program.root(name) in made:
            outputs.append(name)
            continue
        original = tensors[program.root(name)]
        copied = tensors[name] if name in aliases else replace(original, name=f"{name}/output", data=None)
        aliases.pop(name, None)
        tensors[copied.name] = copied
        copies[copied.name] = copy_call(original, copied)
        outputs.append(copied.name)
    calls = (*copies.values(), *program.calls)
    return replace(program, tensors=tensors, aliases=aliases, calls=calls, outputs=tuple(outputs))


def used_only(program: Program) -> Program:
    """Drop tensors that no call, alias, input or output names: weights that lowering replaced, say."""
    named = {*program.inputs, *program.outputs, *program.aliases, *program.aliases.values()}
    for call in program.calls:
        named.update(call.inputs, call.outputs)
    tensors = {name: tensor for name, tensor in program.tensors.items() if name in named}
    return replace(program, tensors=tensors)
