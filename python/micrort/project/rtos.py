"""Demonstrations of the RTOS ports as folders that Make builds: sources, data of the board, places of the libraries."""

from __future__ import annotations

import shutil
from pathlib import Path

from micrort import sources
from micrort.devices.boards import Board
from micrort.devices.targets import CROSS
from micrort.errors import UsageError

SYSTEMS = ("freertos", "threadx")
"""Ports whose demonstration is built by Make; Zephyr's is a sample for its own build."""


def create(system: str, board: Board, libraries: Path, folder: Path) -> None:
    """Make or renew the demonstration of a port.

    Args:
        system: one of SYSTEMS.
        board: an emulated board with a UART.
        libraries: what `scons lib target=... package=sine_int8.tar` made for the board's target.
        folder: where; files of other names in it stay.

    Raises:
        UsageError: no such system, the board has no UART, or the libraries are not there.
    """
    if system not in SYSTEMS:
        raise UsageError(f"no demonstration for {system!r} that Make builds: {', '.join(SYSTEMS)}")
    if board.uart is None:
        raise UsageError(f"{board.name} has no [uart] in its board.toml, which the demonstration talks through")
    model = libraries / "sine_int8"
    for needed in (libraries / "libmicrort.a", model / "libsine_int8.a"):
        if not needed.exists():
            raise UsageError(
                f"{needed} is missing; make it: micrort compile tests/models/sine_int8.tflite -o build/sine_int8.tar "
                f"&& scons lib target={board.target.name} package=build/sine_int8.tar"
            )
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((sources.root() / "ports/rtos" / system / "demo").iterdir()):
        shutil.copyfile(path, folder / path.name)
    (folder / "memory.ld").write_text(board.memory_ld(), encoding="utf-8")
    (folder / "board.mk").write_text(_variables(board, libraries, model), encoding="utf-8")


def _variables(board: Board, libraries: Path, model: Path) -> str:
    flags = [*board.target.flags, *(f"-D{name}={value}" for name, value in board.defines.items())]
    values = {
        "MICRORT": str(sources.root()),
        "RUNTIME": str(libraries.resolve()),
        "MODEL": str(model.resolve()),
        "TARGET": board.target.name,
        "MACHINE": board.machine or "",
        "CC": f"{CROSS}gcc",
        "CFLAGS": " ".join(flags),
    }
    return "".join(f"{name} = {value}\n" for name, value in values.items())
