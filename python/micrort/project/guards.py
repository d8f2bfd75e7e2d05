"""The bare-metal port's `arenas.ld` for given arenas: each between guards that memory protection closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GRANULE = 32
"""What the hardware can tell apart, in bytes. A guard's own size is the linker script's GUARD_SIZE."""


@dataclass(frozen=True)
class Arena:
    """An arena as the linker sees it."""

    name: str
    """Its section is .bss.mrt_arena_<name>."""
    alignment: int


def parse(text: str) -> list[Arena]:
    """Arenas from text such as `ram:16,tcm:32`."""
    rows = [item.rpartition(":") for item in text.split(",") if item]
    return [Arena(name, int(alignment)) for name, _, alignment in rows]


def text(arenas: Sequence[Arena]) -> str:
    """Arenas in the order given; see ports/rtos/bare/arenas.ld for what the script has to define."""
    largest = f"MAX(GUARD_SIZE, {max((1, *(arena.alignment for arena in arenas)))})"
    lines = [f".mrt_arenas ALIGN(mrt_port_stack_top + GUARD_SIZE, {largest}) (NOLOAD) :", "{"]
    lines += ["    mrt_arenas_begin = .;"]
    guards = [("mrt_port_stack_guard", "mrt_port_stack_bottom")]
    end = "mrt_port_stack_top"
    for index, arena in enumerate(arenas):
        guards.append((end, f"mrt_arena_{index}"))
        end = f"mrt_arena_{index}_end"
        lines += [
            f"    . = ALIGN(MAX(GUARD_SIZE, {arena.alignment}));",
            f"    mrt_arena_{index} = .;",
            f"    *(.bss.mrt_arena_{arena.name})",
            f"    . = ALIGN({GRANULE});",
            f"    {end} = .;",
            "    . += GUARD_SIZE;",
        ]
    guards.append((end, "mrt_arenas_end"))
    lines += ["    . = ALIGN(GUARD_SIZE);", "    mrt_arenas_end = .;", "} > DATA", ".mrt_guards :", "{"]
    lines += ["    mrt_port_guards = .;", f"    LONG({len(guards)})"]
    lines += [f"    LONG({begin}) LONG({end})" for begin, end in guards]
    return "\n".join([*lines, "} > CODE", ""])
