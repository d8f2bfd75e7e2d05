"""Model files → ir.Graph. One format a file or folder; `load` chooses by content."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from micrort.errors import ModelError

if TYPE_CHECKING:
    from micrort.ir import Graph

LARGEST_FILE = 2**31 - 1
"""Bytes; offsets of the format are 32-bit."""

_SUPPORTED = "supported: TensorFlow Lite flatbuffers (.tflite)"


def load(path: Path) -> Graph:
    """The graph of a model file.

    Raises:
        ModelError: the file cannot be read, is of another format, or is damaged; lists every problem.
        UnsupportedError: the model is sound, but not all of it can be compiled; lists every such node.
    """
    data = _read(path)
    if data[4:8] == b"TFL3":
        from micrort.frontends import tflite

        return tflite.load(data, path.stem, str(path))
    raise ModelError(str(path), [_why_not(data)])


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ModelError(str(path), ["this is a folder; give the path of a model file"])
        if not path.exists():
            raise ModelError(str(path), ["no such file; check the path"])
        if not path.is_file() or path.stat().st_size > LARGEST_FILE:
            raise ModelError(str(path), [f"not a regular file of at most {LARGEST_FILE} bytes; {_SUPPORTED}"])
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ModelError(str(path), [f"cannot be read: {error}"]) from error


def _why_not(data: bytes) -> str:
    if not data:
        return f"the file is empty; {_SUPPORTED}"
    if len(data) < 8:
        return f"the file has only {len(data)} bytes; {_SUPPORTED}"
    if data[257:262] == b"ustar" or data[:2] == b"\x1f\x8b":
        return (
            "this is an archive, perhaps a Model Library Format package, whose operators are compiled already: "
            f"`micrort run` and `micrort micro create-project` take it, but it is no model; {_SUPPORTED}"
        )
    if _looks_like_onnx(data):
        return f"this looks like an ONNX model, which this version does not read yet; {_SUPPORTED}: convert it first"
    return f"unknown format: no TFL3 identifier at byte 4; {_SUPPORTED}"


def _looks_like_onnx(data: bytes) -> bool:
    """Whether this starts like an ONNX ModelProto: ir_version (field 1, varint) and then a string or the graph."""
    return data[0] == 0x08 and data[1] < 0x80 and data[2] in {0x12, 0x1A, 0x22, 0x2A, 0x32, 0x3A, 0x42}
