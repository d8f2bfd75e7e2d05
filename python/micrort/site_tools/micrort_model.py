"""SCons tool: `env.MicrortModel(folder, source)` makes a model's C and lib<model>.a in `folder`.

The source is a Model Library Format package (.tar), or graph JSON and params: `["x.graph", "x.params"]`; the model's
name is then the graph's file name, and `executor` (graph or aot) may be given. Returns the library, the header, and
for an Arm target lib<model>.frames, the stack frames of the functions in the library.
The C is made from graph JSON and params alone. Operators that another compiler made are taken from the package,
compiled as C that is not ours: without warnings, and with the headers of runtime/compat.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

FOREIGN = ("-std=gnu11", "-O3", "-w", "-fno-strict-aliasing")
"""For generated C of other compilers, whose loops are left to the compiler and read bytes as words of another type."""


def generate(env: Any) -> None:
    """Add the pseudo-builder and the builder beneath it."""
    writers = {"MicrortModelSources": _write, "MicrortForeignSources": _write_foreign}
    env.Append(
        BUILDERS={name: env.Builder(action=env.Action(call, "$MICRORT_MODELCOMSTR")) for name, call in writers.items()}
    )
    env.SetDefault(MICRORT_MODELCOMSTR="micrort model $SOURCES -> ${TARGET.dir}")
    env.AddMethod(_model, "MicrortModel")


def exists(env: Any) -> bool:
    """Whether the code generator can be used: it is part of micrort."""
    del env
    return True


def _model(env: Any, folder: str, source: Any, executor: str | None = None) -> list[Any]:
    files = [env.File(item) for item in env.Flatten([source])]
    name, chosen = _describe(files)
    executor = executor or chosen
    names = [f"mrt_{name}.h", *(f"{name}_{unit}.c" for unit in _units(executor))]
    sources = env.MicrortModelSources(
        [f"{folder}/{item}" for item in names], files, MICRORT_MODEL=name, MICRORT_EXECUTOR=executor
    )
    places = [str(source).removesuffix(".c") for source in sources[1:]]
    clone = env.Clone(CPPPATH=[*env["CPPPATH"], env.Dir(folder)])
    objects, frames = clone.MicrortObjects(f"{folder}/lib{name}.frames", places, sources[1:])
    foreign, more = _foreign(env, folder, files) if len(files) == 1 else ([], [])
    return [env.StaticLibrary(f"{folder}/lib{name}.a", [*objects, *foreign])[0], sources[0], *frames, *more]


def _foreign(env: Any, folder: str, files: list[Any]) -> tuple[list[Any], list[Any]]:
    """Objects of operators that another compiler made and of the adapters to them, and their stack frames."""
    from micrort import mlf

    package = mlf.read(Path(files[0].get_abspath()))
    if package.foreign is None:
        return [], []
    adapters = f"{package.name}_operators"
    names = [f"{adapters}.c", *package.foreign.units, *package.foreign.headers]
    written = env.MicrortForeignSources([f"{folder}/foreign/{name}" for name in names], files)
    own, units = written[0], written[1 : 1 + len(package.foreign.units)]
    compat = f"{env['MICRORT_ROOT']}/runtime/compat/tvm/include"
    clone = env.Clone(CPPPATH=[env.Dir(f"{folder}/foreign"), compat, *env["CPPPATH"]])
    theirs = clone.Clone()
    theirs.Append(CCFLAGS=FOREIGN)
    ours, frames = clone.MicrortObjects(f"{folder}/foreign/adapters.frames", [f"{folder}/foreign/{adapters}"], [own])
    places = [str(unit).removesuffix(".c") for unit in units]
    objects, more = theirs.MicrortObjects(f"{folder}/foreign/units.frames", places, units)
    clone.Depends([*ours, *objects], written)
    return [*ours, *objects], [*frames, *more]


def _units(executor: str) -> tuple[str, ...]:
    """The C files of a model: tables and arenas apart, so that firmware with memory of its own can omit the latter."""
    return ("calls",) if executor == "aot" else ("tables", "arenas")


def _describe(files: list[Any]) -> tuple[str, str]:
    """Name and executor of a model."""
    if len(files) > 1:
        return Path(files[0].get_abspath()).stem, "graph"
    from micrort import mlf

    package = mlf.read(Path(files[0].get_abspath()))
    return package.name, package.executor


def _write(target: list[Any], source: list[Any], env: Any) -> None:
    from SCons.Errors import BuildError

    from micrort.codegen import tables
    from micrort.errors import MicrortError

    try:
        graph = replace(_graph([Path(item.get_abspath()) for item in source]), name=env["MICRORT_MODEL"])
    except MicrortError as error:
        raise BuildError(node=target, errstr=str(error)) from error
    texts = {"tables": tables.tables, "arenas": tables.arenas, "calls": tables.calls}
    made = [tables.header(graph, env["MICRORT_EXECUTOR"])]
    made += [texts[unit](graph) for unit in _units(env["MICRORT_EXECUTOR"])]
    for node, text in zip(target, made, strict=True):
        Path(node.get_abspath()).write_text(text, encoding="utf-8")


def _write_foreign(target: list[Any], source: list[Any], env: Any) -> None:
    from micrort import mlf

    del env
    foreign = mlf.read(Path(source[0].get_abspath())).foreign
    assert foreign is not None
    texts = {Path(target[0].get_abspath()).name: foreign.adapters, **foreign.units, **foreign.headers}
    for node in target:
        path = Path(node.get_abspath())
        path.write_text(texts[path.name], encoding="utf-8")


def _graph(paths: list[Path]) -> Any:
    from micrort import mlf
    from micrort.codegen import graph_reader, params

    if len(paths) == 1:
        return mlf.read(paths[0]).graph
    values = params.read(paths[1].read_bytes(), str(paths[1]))
    return graph_reader.read(paths[0].read_text(encoding="utf-8"), values, str(paths[0]))
