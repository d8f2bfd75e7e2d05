"""Builds small firmware on the bare-metal port and runs it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from micrort import sources
from micrort.devices import boards
from micrort.project import guards
from micrort.project.guards import Arena
from micrort.site_tools.micrort_target import CODE, WARNINGS
from micrort.transport import qemu


def build(
    folder: Path,
    machine: str,
    text: str,
    target: str | None = None,
    extra: Sequence[str] = (),
    arenas: Sequence[Arena] = (),
) -> Path:
    """Link C text with the port for the board of a QEMU machine, further arguments, and guards around arenas."""
    board = boards.for_machine(machine)
    port = sources.root() / "ports/rtos/bare"
    (folder / "memory.ld").write_text(board.memory_ld())
    if arenas:
        (folder / "arenas.ld").write_text(guards.text(arenas))
    (folder / "main.c").write_text(text)
    image = folder / "main.elf"
    command = [
        *("arm-none-eabi-gcc", *board.resolve(target).flags, *CODE, *WARNINGS, "-Wl,--gc-sections"),
        *(f"-I{sources.root()}", f"-I{sources.root() / 'include'}", f"-DCLOCK_HZ={board.clock_hz}u"),
        *map(str, sorted(port.glob("*.c"))),
        *(str(folder / "main.c"), *extra, "-nostartfiles", "-T", str(port / "bare.ld")),
        *(f"-L{folder}", f"-L{port}", f"-L{sources.root() / 'ports'}", "-o", str(image), "-lm"),
    ]
    subprocess.run(command, check=True)
    return image


def run(folder: Path, machine: str, text: str, target: str | None = None) -> str:
    """Build and run; what it printed."""
    return qemu.run(build(folder, machine, text, target), machine, folder, timeout=60)
