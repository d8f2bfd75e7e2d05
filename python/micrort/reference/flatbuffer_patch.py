"""Cuts one operator out of a .tflite file: the same bytes, with another list of operators, inputs and outputs.

A flatbuffer's offsets are unsigned and point forward, so new vectors are appended at the end of the file and the
fields that name them are redirected; the operators vector keeps its place and is shortened to one element. No
table is rewritten, so every option and quantisation of the operator stays what the converter wrote.

Source: FlatBuffers internals, "FlatBuffer Binary Format" (https://flatbuffers.dev/internals/).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

MODEL_SUBGRAPHS, MODEL_SIGNATURES = 2, 7
SUBGRAPH_INPUTS, SUBGRAPH_OUTPUTS, SUBGRAPH_OPERATORS = 1, 2, 3


def single_operator(model: bytes, operator: int, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
    """A model whose main subgraph is operator `operator` alone.

    Args:
        model: a well-formed .tflite file (the frontend has accepted it).
        operator: index of the operator in the main subgraph.
        inputs: tensor indices that become the model's inputs.
        outputs: tensor indices that become the model's outputs.
    """
    buffer = bytearray(model)
    root = _indirect(buffer, 0)
    subgraphs = _field(buffer, root, MODEL_SUBGRAPHS)
    assert subgraphs is not None, "a model has subgraphs"
    subgraph = _indirect(buffer, _indirect(buffer, subgraphs) + 4)
    operators = _field(buffer, subgraph, SUBGRAPH_OPERATORS)
    assert operators is not None, "the subgraph has operators"
    vector = _indirect(buffer, operators)
    chosen = _indirect(buffer, vector + 4 + 4 * operator)
    struct.pack_into("<II", buffer, vector, 1, chosen - (vector + 4))
    signatures = _field(buffer, root, MODEL_SIGNATURES)
    if signatures is not None:
        struct.pack_into("<I", buffer, _indirect(buffer, signatures), 0)
    for field, tensors in ((SUBGRAPH_INPUTS, inputs), (SUBGRAPH_OUTPUTS, outputs)):
        position = _field(buffer, subgraph, field)
        assert position is not None, "a runnable subgraph names its inputs and outputs"
        buffer.extend(bytes(-len(buffer) % 16))
        struct.pack_into("<I", buffer, position, len(buffer) - position)
        buffer.extend(struct.pack(f"<I{len(tensors)}i", len(tensors), *tensors))
    return bytes(buffer)


def _indirect(buffer: bytearray, position: int) -> int:
    return position + int(struct.unpack_from("<I", buffer, position)[0])


def _field(buffer: bytearray, table: int, index: int) -> int | None:
    """Position of field `index` of a table; None where it has its default."""
    vtable = table - int(struct.unpack_from("<i", buffer, table)[0])
    size = int(struct.unpack_from("<H", buffer, vtable)[0])
    slot = 4 + 2 * index
    if slot >= size:
        return None
    offset = int(struct.unpack_from("<H", buffer, vtable + slot)[0])
    return table + offset if offset else None
