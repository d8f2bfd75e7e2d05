"""Real models, taken apart with the schema's object API, changed, and written again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

MODELS = Path(__file__).resolve().parents[2] / "models"
DIGITS = MODELS / "digits_int8.tflite"
SINE = MODELS / "sine_int8.tflite"


def edited(path: Path, edit: Callable[[Any], None]) -> bytes:
    """The model at `path` after `edit(model)`, where `model` is a schema.ModelT."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    edit(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
