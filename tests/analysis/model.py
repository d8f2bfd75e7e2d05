"""Writes the C of a model, as `scons lib package=...` would.

python -m tests.analysis.model MODEL.tflite graph|aot FOLDER
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from micrort.codegen import tables
from micrort.compiler import CompileOptions, compile_model


def write(model: Path, executor: str, folder: Path) -> None:
    """Compile a model and write its header and C files."""
    package = compile_model(model, CompileOptions(executor=executor))
    graph = replace(package.graph, name=package.name)
    texts = {f"mrt_{package.name}.h": tables.header(graph, executor)}
    if executor == "aot":
        texts[f"{package.name}_calls.c"] = tables.calls(graph)
    else:
        texts[f"{package.name}_tables.c"] = tables.tables(graph)
        texts[f"{package.name}_arenas.c"] = tables.arenas(graph)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
