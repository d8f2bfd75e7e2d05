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
    memory: str = ""
    """The memory that it lies in; none: that of variables."""


def parse(text: str) -> list[Arena]:
    """Arenas from text such as `ram:16:,hot:32:dtcm`."""
    rows = [item.split(":") for item in text.split(",") if item]
    return [Arena(name, int(alignment), memory) for name, alignment, memory in rows]


def text(arenas: Sequence[Arena]) -> str:
    """Arenas in the order given; see ports/rtos/bare/arenas.ld for what the script has to define."""
    guards = [("mrt_port_stack_guard", "mrt_port_stack_bottom")]
    largest = f"MAX(GUARD_SIZE, {max((1, *(arena.alignment for arena in arenas)))})"
    lines = [f".mrt_arenas ALIGN(mrt_port_stack_top + GUARD_SIZE, {largest}) (NOLOAD) :", "{"]
    lines += ["    mrt_arenas_begin = .;", *_between_guards(arenas, "", "mrt_port_stack_top", guards)]
    lines += ["    mrt_arenas_end = .;", "} > DATA"]
    memories = list(dict.fromkeys(arena.memory for arena in arenas if arena.memory))
    for memory in memories:  # nothing lies before them
        lines += [f".mrt_arenas_{memory} (NOLOAD) : ALIGN(GUARD_SIZE)", "{"]
        lines += [*_between_guards(arenas, memory, None, guards), f"}} > {memory}"]
    lines += [".mrt_guards :", "{", "    mrt_port_guards = .;", f"    LONG({len(guards)})"]
    lines += [f"    LONG({begin}) LONG({end})" for begin, end in guards]
    lines += ["    mrt_port_memories = .;", f"    LONG({len(memories)})"]
    lines += [f"    LONG(ORIGIN({memory})) LONG(ORIGIN({memory}) + LENGTH({memory}))" for memory in memories]
    return "\n".join([*lines, "} > CODE", ""])


def _between_guards(
    arenas: Sequence[Arena], memory: str, before: str | None, guards: list[tuple[str, str]]
) -> list[str]:
    """The arenas of a memory; what is closed before each, from `before` on, and behind the last goes to `guards`."""
    lines, end = [], before
    for index, arena in enumerate(arenas):
        if arena.memory != memory:
            continue
        if end is not None:
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
    assert end is not None
    guards.append((end, f"mrt_guard_end_{memory}"))
    return [*lines, "    . = ALIGN(GUARD_SIZE);", f"    mrt_guard_end_{memory} = .;"]
