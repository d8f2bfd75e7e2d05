"""SCons tool: bare-metal firmware that runs a model, and an image to measure what the model itself takes.

`env.MicrortFirmware(folder, board, model, library, executor, arenas)` links the bare-metal port's runner with a model
made by MicrortModel and with libmicrort.a; guards lie around its arenas (text as in micrort.project.guards.parse).
`env.MicrortFootprint(folder, model, library, interface)` links nothing but runtime and model with what they pull in
from the C library, as if an application called the whole interface; beside it lie `target.json` and
`mrt_<model>_target.h` with what the model takes on this target (see micrort.project.target_figures).
`env.MicrortLoader(folder, board, kernels, library)` makes both images of firmware that loads its model as a blob and
offers it the named kernels, no others. `env.MicrortPublicStack(folder, library)` makes `stack.json`, the worst-case
stack of every public function.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LIBRARIES = ("m",)
"""Beside the compiler's own: operators of other compilers call the C library's mathematics, ours do not."""


def generate(env: Any) -> None:
    """Add the pseudo-builders."""
    env.AddMethod(_firmware, "MicrortFirmware")
    env.AddMethod(_footprint, "MicrortFootprint")
    env.AddMethod(_loader, "MicrortLoader")
    env.AddMethod(_public_stack, "MicrortPublicStack")


def exists(env: Any) -> bool:
    """Whether a linker for bare metal is installed."""
    return bool(env.WhereIs("arm-none-eabi-gcc"))


def _firmware(
    env: Any, folder: str, board: str, model: list[Any], library: Any, executor: str, arenas: str
) -> list[Any]:
    from micrort.devices import boards
    from micrort.project import guards

    described = boards.board(board)
    defines = [("MODEL", _name(model)), ("MODEL_HEADER", rf"\"{model[1].name}\"")]
    clone = _for_board(env, folder, described, defines)
    clone.Append(CPPPATH=[model[1].dir])
    objects = _objects(clone, folder, described, f"model_{executor}.c")
    clone.Depends(objects, model[1])  # its name is in a macro, which SCons does not follow
    return _image(clone, folder, described, [*objects, model[0], library], guards.parse(arenas))


def _loader(env: Any, folder: str, board: str, kernels: list[str], library: Any) -> list[Any]:
    from micrort.devices import boards
    from micrort.project.guards import Arena
    from micrort.project.loader import LOADER_MEMORY

    described = boards.board(board)
    listed = env.Textfile(f"{folder}/kernels.def", _rows(env, kernels))
    sizes = [(f"MRT_RUNNER_{what}_BYTES", f"0x{size:x}u") for what, size in LOADER_MEMORY.items()]
    clone = _for_board(env, folder, described, [("KERNELS_LIST", r"\"kernels.def\""), *sizes])
    clone.Append(CPPPATH=[env.Dir(folder)])
    offered = clone.Object(f"{folder}/kernels.o", str(_port(env) / "runner" / "kernels.c"))
    clone.Depends(offered, listed)
    parts = [*_objects(clone, folder, described, "model_blob.c"), offered, library]
    image = _image(clone, folder, described, parts, [Arena("blob", LOADER_MEMORY["BLOB"] // 4), Arena("runner", 4096)])
    roots = ["mrt_runner_loader", *_functions("", "blob")]
    return image + _alone(env, folder, [offered, library], roots) + _figures(env, folder, "", "blob", [library])


def _rows(env: Any, kernels: list[str]) -> list[str]:
    """The rows of kernels.def for some kernels."""
    lines = (Path(env["MICRORT_ROOT"]) / "include/micrort/kernels/kernels.def").read_text().splitlines()
    return [line for line in lines if line.startswith("MRT_KERNEL(") and line.split(", ")[1] in kernels]


def _port(env: Any) -> Path:
    return Path(env["MICRORT_ROOT"]) / "ports" / "rtos" / "bare"


def _for_board(env: Any, folder: str, board: Any, defines: list[tuple[str, str]]) -> Any:
    """An environment to compile and link for a board."""
    port = _port(env)
    clone = env.Clone()
    clone.Append(
        CPPDEFINES=[("MRT_BOARD_CLOCK_HZ", f"{board.clock_hz}u"), *defines],
        LINKFLAGS=["-nostartfiles", "-T", str(port / "bare.ld"), f"-L{folder}", f"-L{port}", f"-L{port.parents[1]}"],
    )
    return clone


def _objects(env: Any, folder: str, board: Any, model: str) -> list[Any]:
    """Port, runner, and the runner's unit for one kind of model."""
    port = _port(env)
    units = [*sorted(port.glob("*.c")), port / "runner" / "runner.c", port / "runner" / model]
    units += sorted(board.folder.glob("*.c"))
    return [env.Object(f"{folder}/{unit.stem}.o", str(unit)) for unit in units]


def _image(env: Any, folder: str, board: Any, parts: list[Any], arenas: list[Any]) -> list[Any]:
    from micrort.project import guards

    memory = env.Textfile(f"{folder}/memory.ld", board.memory_ld())
    placed = env.Textfile(f"{folder}/arenas.ld", guards.text(arenas))
    image = env.Program(f"{folder}/firmware.elf", parts, LIBS=LIBRARIES)
    env.Depends(image, [memory, placed, str(_port(env) / "bare.ld")])
    return list(image)


def _footprint(env: Any, folder: str, model: list[Any], library: Any, interface: str) -> list[Any]:
    name = _name(model)
    return _alone(env, folder, [model[0], library], _functions(name, interface)) + _figures(
        env, folder, name, interface, [model[0], library], model[2:]
    )


def _functions(model: str, interface: str) -> list[str]:
    """What an application calls."""
    from micrort.project import target_figures

    return [target_figures.function(call, model, interface) for call in target_figures.CALLS[interface]]


def _alone(env: Any, folder: str, parts: list[Any], roots: list[str]) -> list[Any]:
    """The image for figures: `roots` and what they need."""
    clone = env.Clone()
    script = str(Path(__file__).parents[1] / "project" / "footprint.ld")
    undefined = [f"-Wl,--undefined={root}" for root in roots]
    clone.Append(LINKFLAGS=["-nostartfiles", "-T", script, f"-Wl,--entry={roots[-1]}", *undefined])
    image = clone.Program(f"{folder}/footprint.elf", parts, LIBS=LIBRARIES)
    clone.Depends(image, script)
    return list(image)


def _public_stack(env: Any, folder: str, library: Any) -> list[Any]:
    from micrort.project import public_stack

    image = _alone(env, folder, [library], ["mrt_kernels", *public_stack.functions()])
    frames = str(library).removesuffix(".a") + ".frames"
    return list(env.Command(f"{folder}/stack.json", [*image, frames], env.Action(_write_public_stack, None)))


def _write_public_stack(target: list[Any], source: list[Any], env: Any) -> None:
    from SCons.Errors import BuildError

    from micrort.errors import MicrortError
    from micrort.project import public_stack

    del env
    image, *tables = (Path(item.get_abspath()) for item in source)
    try:
        found = public_stack.measure(image, tables)
    except MicrortError as error:
        raise BuildError(node=target, errstr=str(error)) from error
    Path(target[0].get_abspath()).write_text(json.dumps(found, indent=2), encoding="utf-8")


def _figures(
    env: Any, folder: str, name: str, executor: str, libraries: list[Any], frames: list[Any] | None = None
) -> list[Any]:
    """target.json and the header, from the image for figures; `frames` are tables beside those of the libraries."""
    tables = [env.File(str(library).removesuffix(".a") + ".frames") for library in libraries]
    tables += [item for item in frames or () if item not in tables]
    made = [f"{folder}/target.json", *([f"{folder}/mrt_{name}_target.h"] if name else [])]
    action = env.Action(_write_figures, None)
    written = env.Command(made, [f"{folder}/footprint.elf", *tables], action, MODEL=name, EXECUTOR=executor)
    return list(written)


def _write_figures(target: list[Any], source: list[Any], env: Any) -> None:
    from SCons.Errors import BuildError

    from micrort.errors import MicrortError
    from micrort.project import target_figures

    image, *tables = (Path(item.get_abspath()) for item in source)
    try:
        figures = target_figures.measure(image, tables, env["MODEL"], env["MICRORT_TARGET"], env["EXECUTOR"])
    except MicrortError as error:
        raise BuildError(node=target, errstr=str(error)) from error
    texts = (target_figures.to_json(figures), target_figures.header(figures))
    for node, text in zip(target, texts, strict=False):
        Path(node.get_abspath()).write_text(text, encoding="utf-8")


def _name(model: list[Any]) -> str:
    return str(model[0].name).removeprefix("lib").removesuffix(".a")
