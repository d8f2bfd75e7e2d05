"""Constants of the same bytes lie in the params once: tables of the same activation, equal multipliers and shifts."""

from __future__ import annotations

from dataclasses import replace

from micrort.ir import Program


def share_constants(program: Program) -> Program:
    """Let calls read the first of several equal constants; one of another shape becomes a view of it.

    Kernels see bytes and shapes only, so quantisation may differ; where it does, the shared constant has none.
    """
    named = {*program.outputs, *program.aliases, *program.aliases.values()}
    first: dict[tuple[object, ...], str] = {}
    tensors, aliases = dict(program.tensors), dict(program.aliases)
    instead: dict[str, str] = {}
    for name in dict.fromkeys(name for call in program.calls for name in call.inputs):
        tensor = tensors[name]
        if tensor.data is None or name in named:
            continue
        same_bytes = (tensor.dtype, tensor.data.tobytes())
        original = first.setdefault((*same_bytes, tensor.shape), name)
        if original != name:
            instead[name] = original
            del tensors[name]
            if tensors[original].quantisation != tensor.quantisation:
                tensors[original] = replace(tensors[original], quantisation=None)
        elif first.setdefault(same_bytes, name) != name:
            aliases[name] = first[same_bytes]
            tensors[name] = replace(tensor, data=None)
    calls = (replace(call, inputs=tuple(instead.get(name, name) for name in call.inputs)) for call in program.calls)
    return replace(program, tensors=tensors, aliases=aliases, calls=tuple(calls))
