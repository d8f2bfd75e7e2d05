"""SCons tool: bare-metal firmware that runs a model, and an image to measure what the model itself takes.

`env.MicrortFirmware(folder, board, model, library, executor)` links the bare-metal port's runner with a model made by
MicrortModel and with libmicrort.a. `env.MicrortFootprint(folder, model, library, executor)` links nothing but runtime
and model with what they pull in from the C library, as if an application called the whole executor interface.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

CALLS = {
    "graph": tuple(f"mrt_executor_{call}" for call in ("input", "output", "set_input", "get_output", "run", "step")),
    "aot": (),
}
"""What an application calls beside `mrt_<model>_<call>`."""
MODEL_CALLS = {"graph": ("init",), "aot": ("input", "output", "run")}


def generate(env: Any) -> None:
    """Add the pseudo-builders."""
    env.AddMethod(_firmware, "MicrortFirmware")
    env.AddMethod(_footprint, "MicrortFootprint")


def exists(env: Any) -> bool:
    """Whether a linker for bare metal is installed."""
    return bool(env.WhereIs("arm-none-eabi-gcc"))


def _firmware(env: Any, folder: str, board: str, model: list[Any], library: Any, executor: str) -> list[Any]:
    from micrort.devices import boards

    described = boards.board(board)
    port = Path(env["MICRORT_ROOT"]) / "ports" / "rtos" / "bare"
    units = [*sorted(port.glob("*.c")), port / "runner" / "runner.c", port / "runner" / f"model_{executor}.c"]
    units += sorted(described.folder.glob("*.c"))
    clone = env.Clone()
    clone.Append(
        CPPPATH=[model[1].dir],
        CPPDEFINES=[
            ("MRT_BOARD_CLOCK_HZ", f"{described.clock_hz}u"),
            ("MODEL", _name(model)),
            ("MODEL_HEADER", rf"\"{model[1].name}\""),
        ],
        LINKFLAGS=["-nostartfiles", "-T", str(port / "bare.ld"), f"-L{port}", f"-L{port.parents[1]}", f"-L{folder}"],
        LIBS=["m"],  # expf and tanhf of float kernels
    )
    objects = [clone.Object(f"{folder}/{unit.stem}.o", str(unit)) for unit in units]
    clone.Depends(objects, model[1])  # its name is in a macro, which SCons does not follow
    memory = clone.Textfile(f"{folder}/memory.ld", described.memory_ld())
    image = clone.Program(f"{folder}/firmware.elf", [*objects, model[0], library])
    clone.Depends(image, [memory, *(str(path) for path in (port / "bare.ld", port.parents[1] / "micrort.ld"))])
    return list(image)


def _footprint(env: Any, folder: str, model: list[Any], library: Any, executor: str) -> list[Any]:
    name = _name(model)
    roots = [*CALLS[executor], *(f"mrt_{name}_{call}" for call in MODEL_CALLS[executor])]
    clone = env.Clone()
    script = str(Path(__file__).parents[1] / "project" / "footprint.ld")
    undefined = [f"-Wl,--undefined={root}" for root in roots]
    clone.Append(LINKFLAGS=["-nostartfiles", "-T", script, f"-Wl,--entry={roots[-1]}", *undefined], LIBS=["m"])
    image = clone.Program(f"{folder}/footprint.elf", [model[0], library])
    clone.Depends(image, script)
    return list(image)


def _name(model: list[Any]) -> str:
    return str(model[0].name).removeprefix("lib").removesuffix(".a")
