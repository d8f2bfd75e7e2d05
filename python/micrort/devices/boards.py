"""Boards: folders with a board.toml and, where a board needs it, C: those under ports/boards, and the user's own."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from micrort import sources
from micrort.devices.targets import TARGETS, Target
from micrort.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONSOLE = ("rtos/bare/semihosting.c",)
"""The console of boards that name no sources of their own: the debugger's or the emulator's."""
TOOLS = ("pyocd", "openocd")
"""What can program boards."""
ARENAS_MAX = 4
"""Memories that one model's arenas lie in at most: MRT_POOLS_MAX."""
RESERVED = 0x2000
"""Bytes of the memory for variables that a compiled model leaves to them and to the stack."""
TEMPLATE = "template"
"""The folder under ports/boards that is no board, but there to be copied."""
SECTIONS = ("vectors", "code", "data")
"""What the linker script of the bare-metal port places: the vector table, code with constants, variables."""


@dataclass(frozen=True)
class Memory:
    """A memory as the core sees it."""

    name: str
    origin: int
    """First address."""
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Uart:
    """The serial line to the workstation."""

    kind: str
    """Its driver: a file of ports/drivers."""
    base: int
    """Address of its registers."""
    interrupt: int
    """Number of its receive interrupt, counted from the first behind the sixteen of the architecture."""


@dataclass(frozen=True)
class Identity:
    """A word that tells the chip from others."""

    address: int
    mask: int
    """Bits that count."""
    value: int
    """What they are."""


@dataclass(frozen=True)
class Flash:
    """How firmware gets into the board."""

    tool: str
    """One of TOOLS."""
    selects: str
    """The chip as pyOCD names it, or the script of OpenOCD."""
    identity: Identity | None = None
    """What is looked at before anything is written."""
    pack: str | None = None
    """The .pack with pyOCD's flash algorithm, where one was named; else pyOCD knows the chip, or has its pack."""


@dataclass(frozen=True)
class Board:
    """A board: a target, its memories, and how to reach it."""

    name: str
    folder: Path
    description: str
    target: Target
    """What its core is; code for it is made unless a package says otherwise."""
    also_runs: tuple[str, ...]
    """Other targets whose code its core executes."""
    clock_hz: int
    """Clock of SysTick; 0: unknown."""
    memories: Mapping[str, Memory]
    sections: Mapping[str, str]
    """For each of SECTIONS the memory it lies in."""
    machine: str | None
    """The QEMU machine that emulates it, if there is one."""
    uart: Uart | None
    arenas: tuple[str, ...] = ()
    """Memories for arenas, fastest first; none named: where data lies."""
    sources: tuple[str, ...] = CONSOLE
    """C files under ports/ that firmware without an operating system needs beside the start-up code and `code`."""
    flash: Flash | None = None
    own_defines: Mapping[str, str] = field(default_factory=dict)
    """Macros for the board's sources."""
    cycle_counter: int | None = None
    """Address of a running 32-bit counter of core cycles."""

    @property
    def code(self) -> Mapping[str, Path]:
        """C files and headers of the board's own folder, by their places under ports/."""
        found = sorted((*self.folder.glob("*.c"), *self.folder.glob("*.h"))) if self.name == self.folder.name else []
        return {f"boards/{self.name}/{path.name}": path for path in found}

    @property
    def pools(self) -> tuple[tuple[str, int], ...]:
        """Memories among which a model's tensors are shared out, the fastest first, with bytes; none: there is one."""
        if len(self.arenas) < 2:
            return ()
        kept = {self.sections["data"]: RESERVED}
        room = [(name, self.memories[name].size - kept.get(name, 0)) for name in self.arenas]
        return tuple((name, size) for name, size in room if size > 0)[:ARENAS_MAX]

    @property
    def defines(self) -> Mapping[str, str]:
        """What board.toml says, as macros for C."""
        found = {"MRT_BOARD_CLOCK_HZ": f"{self.clock_hz}u"} if self.clock_hz else {}
        if self.uart is not None:
            found["MRT_BOARD_UART_BASE"] = f"{self.uart.base:#x}u"
            found["MRT_BOARD_UART_INTERRUPT"] = f"{self.uart.interrupt}u"
        found |= self.own_defines
        return found

    def resolve(self, wanted: str | None) -> Target:
        """The target to build for, when a package was compiled for `wanted` (None: for no core in particular).

        Raises:
            UsageError: this board's core does not execute code for `wanted`.
        """
        if wanted in (None, "host", self.target.name, self.target.family):
            return self.target
        if wanted in self.also_runs:
            return TARGETS[wanted]
        runs = ", ".join(dict.fromkeys((self.target.family, self.target.name, *self.also_runs)))
        raise UsageError(
            f"{self.name} ({self.target.name}) does not run code for {wanted}; it runs {runs}. "
            "Compile with one of these as --target, or choose another board."
        )

    def memory_ld(self) -> str:
        """The linker script's `memory.ld`: the memories, and aliases VECTORS, CODE and DATA."""
        lines = ["MEMORY", "{"]
        lines += [f"    {m.name} : ORIGIN = {m.origin:#010x}, LENGTH = {m.size:#x}" for m in self.memories.values()]
        lines.append("}")
        lines += [f'REGION_ALIAS("{section.upper()}", {self.sections[section]})' for section in SECTIONS]
        return "\n".join(lines) + "\n"


def names() -> list[str]:
    """Every board under ports/boards, in alphabetical order."""
    return sorted({path.parent.name for path in _root().glob("*/board.toml")} - {TEMPLATE})


def board(name: str) -> Board:
    """The board called `name`, or, where that holds a slash, the one in the folder of that path.

    Raises:
        UsageError: there is no such board, or its board.toml is wrong.
    """
    path = _path(name)
    try:
        return _read(path, tomllib.loads(path.read_text(encoding="utf-8")))
    except KeyError as error:
        raise UsageError(f"{path}: {error} is missing") from error
    except (tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from error


def for_machine(machine: str) -> Board:
    """The board that QEMU's `machine` emulates.

    Raises:
        UsageError: no board names this machine.
    """
    boards = {item.machine: item for item in map(board, names()) if item.machine is not None}
    if machine in boards:
        return boards[machine]
    near = difflib.get_close_matches(machine, boards, 1)
    hint = f": did you mean {near[0]}" if near else ""
    raise UsageError(f"no board for the QEMU machine {machine!r}{hint}. Machines: {', '.join(sorted(boards))}")


def _path(name: str) -> Path:
    """Its board.toml."""
    if "/" in name:
        path = Path(name).resolve() / "board.toml"
        if not path.exists():
            raise UsageError(f"{name} holds no board.toml: copy {_root() / TEMPLATE} there, docs/platforms.md says how")
        if not path.parent.name.replace("-", "_").isidentifier():
            raise UsageError(f"{name}: a board's folder is named by letters, digits and underscores")
        return path
    if name not in names():
        near = difflib.get_close_matches(name, names(), 1)
        hint = f": did you mean {near[0]}" if near else ""
        raise UsageError(f"no board {name!r}{hint}. Boards: {', '.join(names())}, or ./FOLDER with a board.toml")
    return _root() / name / "board.toml"


def _root() -> Path:
    return sources.root() / "ports" / "boards"


def _read(path: Path, table: dict[str, Any]) -> Board:
    memories = {
        str(row["name"]): Memory(str(row["name"]), int(row["origin"]), int(row["size"])) for row in table["memory"]
    }
    sections = {section: str(table["sections"][section]) for section in SECTIONS}
    runs = tuple(map(str, table.get("also_runs", ())))
    uart = table.get("uart")
    arenas = tuple(map(str, table["sections"].get("arenas", ())))
    for memory in arenas:
        if memory not in memories:
            raise ValueError(f"[sections] arenas names the memory {memory!r}; there are {', '.join(memories)}")
    for section, memory in sections.items():
        if memory not in memories:
            raise ValueError(f"[sections] {section} names the memory {memory!r}; there are {', '.join(memories)}")
    files = tuple(map(str, table.get("port", {}).get("sources", CONSOLE)))
    for file in files:
        if not (sources.root() / "ports" / file).is_file():
            raise ValueError(f"[port] sources names {file}, which is not below {sources.root() / 'ports'}")
    for target in (table["target"], *runs):
        if target not in TARGETS:
            raise ValueError(f"no target {target!r}; targets are {', '.join(TARGETS)}")
    return Board(
        name=path.parent.name,
        folder=path.parent,
        description=str(table["description"]),
        target=TARGETS[table["target"]],
        also_runs=runs,
        clock_hz=int(table["clock_hz"]),
        memories=memories,
        sections=sections,
        machine=table.get("qemu", {}).get("machine"),
        uart=Uart(str(uart["kind"]), int(uart["base"]), int(uart["interrupt"])) if uart else None,
        arenas=arenas,
        sources=files,
        own_defines=_defines(table.get("port", {}).get("defines", {})),
        cycle_counter=table.get("cycle_counter"),
        flash=_flash(table["flash"]) if "flash" in table else None,
    )


def _defines(table: dict[str, Any]) -> dict[str, str]:
    """Macros; a value that is no integer is refused."""
    return {name: f"{int(value)}u" for name, value in table.items()}


def _flash(table: dict[str, Any]) -> Flash:
    tool = str(table["tool"])
    if tool not in TOOLS:
        raise ValueError(f"[flash] tool is {tool!r}; it may be {', '.join(TOOLS)}")
    word = table.get("identity")
    identity = Identity(int(word["address"]), int(word["mask"]), int(word["value"])) if word is not None else None
    if identity is not None and identity.value & ~identity.mask:
        raise ValueError(f"[flash] identity value {identity.value:#x} has bits that mask {identity.mask:#x} leaves out")
    return Flash(tool, str(table["chip" if tool == "pyocd" else "script"]), identity)
