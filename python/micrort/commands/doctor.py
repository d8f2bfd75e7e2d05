"""`micrort doctor`: what is installed, what each missing piece would enable, and how to get it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import click

from micrort.project import actions


@dataclass(frozen=True)
class Piece:
    """Something that micrort uses if it is there."""

    name: str
    kind: str
    """program, python (a package) or tree (a folder that a variable names)."""
    enables: str
    get: str
    needed: bool = False
    """Whether compiling for a board needs it; the rest is for some uses only."""
    arguments: tuple[str, ...] = ("--version",)
    """What makes a program tell its version."""
    marker: str = ""
    """A file that a tree has."""


PIECES = (
    Piece(
        "arm-none-eabi-gcc", "program", "libraries and firmware for Cortex-M", "apt-get install gcc-arm-none-eabi", True
    ),
    Piece("make", "program", "`micro build` of baremetal projects", "apt-get install make", True),
    Piece("cc", "program", "running models on this workstation", "apt-get install gcc libc6-dev", True),
    Piece(
        "qemu-system-arm",
        "program",
        "run, compare and `micro run` on emulated boards",
        "apt-get install qemu-system-arm",
    ),
    Piece("openocd", "program", "`micro flash` of ST's boards", "apt-get install openocd"),
    Piece("gdb-multiarch", "program", "debugging on QEMU or through a probe", "apt-get install gdb-multiarch"),
    Piece("cmake", "program", "CMake users of library projects; Zephyr", "apt-get install cmake"),
    Piece("pkg-config", "program", "pkg-config users of library projects", "apt-get install pkg-config"),
    Piece("ninja", "program", "Zephyr's build", "apt-get install ninja-build"),
    Piece("dtc", "program", "Zephyr's build", "apt-get install device-tree-compiler"),
    Piece("gperf", "program", "Zephyr's build", "apt-get install gperf"),
    Piece("ai-edge-litert", "python", "the reference of `micrort compare`", "pip install ai-edge-litert"),
    Piece("cmsis-pack-manager", "python", "--device", "pip install cmsis-pack-manager"),
    Piece("pyocd", "python", "`micro flash` of boards that name it, and of parts from packs", "pip install pyocd"),
    Piece("unicorn", "python", "tests of boards that QEMU does not have", "pip install unicorn"),
    Piece("ZEPHYR_BASE", "tree", "building for Zephyr", "a tree of zephyrproject-rtos/zephyr", marker="kernel/init.c"),
    Piece("FREERTOS_KERNEL_PATH", "tree", "building for FreeRTOS", "FreeRTOS/FreeRTOS-Kernel", marker="tasks.c"),
    Piece("THREADX_PATH", "tree", "building for ThreadX", "eclipse-threadx/threadx", marker="common/inc/tx_api.h"),
    Piece(
        "STM32CUBE_PATH",
        "tree",
        "projects on ST's Cube HAL",
        "STMicroelectronics/STM32CubeF7",
        marker="Drivers/STM32F7xx_HAL_Driver/Inc/stm32f7xx_hal.h",
    ),
    Piece("MBED_OS_PATH", "tree", "building for Mbed OS", "mbed-ce/mbed-os", marker="mbed.h"),
)
SECONDS = 20
"""How long a program may take to tell its version."""


@dataclass(frozen=True)
class Found:
    """What there is of a piece."""

    piece: Piece
    installed: bool
    version: str
    """Empty where it is missing or does not say; of a tree the folder."""
    trouble: str = ""
    """Why something that is there cannot be used."""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: name -> properties.")
def command(as_json: bool) -> int:
    """Tell what is installed, what each missing piece would enable, and how to get it; exit code 1 if one is needed."""
    found = [_look(piece) for piece in PIECES]
    if as_json:
        rows = {
            item.piece.name: {
                "installed": item.installed,
                "version": item.version,
                "trouble": item.trouble,
                **{
                    key: value
                    for key, value in asdict(item.piece).items()
                    if key in ("kind", "enables", "get", "needed")
                },
            }
            for item in found
        }
        click.echo(json.dumps(rows, indent=2))
    else:
        _show(found)
    return int(any(item.piece.needed and not item.installed for item in found))


def _show(found: list[Found]) -> None:
    width = max(len(item.piece.name) for item in found)
    for item in found:
        piece = item.piece
        if item.installed:
            click.echo(f"  ok       {piece.name:{width}}  {item.version or 'version unknown'}")
            continue
        word = "MISSING" if piece.needed else "missing"
        why = item.trouble or f"enables {piece.enables}"
        how = f"set {piece.name} to {piece.get}" if piece.kind == "tree" else piece.get
        click.echo(f"  {word}  {piece.name:{width}}  {why}: {how}")


def _look(piece: Piece) -> Found:
    if piece.kind == "python":
        try:
            return Found(piece, True, metadata.version(piece.name))
        except metadata.PackageNotFoundError:
            return Found(piece, False, "")
    if piece.kind == "tree":
        return _tree(piece)
    path = actions.which(piece.name)
    if path is None:
        return Found(piece, False, "")
    try:
        done = subprocess.run([path, *piece.arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Found(piece, False, "", f"{path} cannot be run ({error})")
    number = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return Found(piece, True, number[0] if number else "")


def _tree(piece: Piece) -> Found:
    folder = os.environ.get(piece.name, "")
    if not folder:
        return Found(piece, False, "")
    if not (Path(folder) / piece.marker).exists():
        return Found(piece, False, "", f"{folder} has no {piece.marker}")
    return Found(piece, True, folder)
